"""Waivers: what one covers, how long, what becomes of the rule, and the stanza that every finding offers."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import yaml

from bot.checks.rules.trusted_publishing import TrustedPublishing
from bot.evaluation.evaluate import Report, evaluate_repository
from bot.model.core_types import Conclusion, FullName, Outcome, RuleName
from bot.model.errors import PolicyError
from bot.model.findings import FindingSubject, Known, Location
from bot.model.waiver import DEFAULT_MAX_WAIVER_DURATION
from bot.policy import Policy, TargetRepository, Waiver, WaiverApproval, WaiverStatus, policy_in_force
from bot.registries import load_catalog
from bot.rendering import check_run, scan_exports, scan_report
from bot.rendering.phrases import waiver_template
from bot.snapshot.repository_snapshot import take_snapshot
from tests.app.acme import RELEASE_WORKFLOW_PATH, STORED_TOKEN
from tests.bot.policy.test_policy import read
from tests.scan_output import scan_output

DAY = date(2026, 11, 24)
END = date(2027, 1, 31)
TRUSTED = RuleName("trusted-publishing")
WAIVER = Waiver(
    TRUSTED, FullName("acme/tool"), "the account is being moved", "@ann", END, origin="publishing.yml", line=3
)
ANOTHER = Known(WaiverApproval("bob", ("ann",)))


def report(*waivers: Waiver, day: date = DAY, workflow: str = STORED_TOKEN) -> Report:
    taken_at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    taken = take_snapshot(
        FullName("acme/tool"), None, taken_at, {RELEASE_WORKFLOW_PATH: workflow.encode()}, load_catalog()
    )
    return evaluate_repository(taken.snapshot, Policy((TrustedPublishing(),), waivers=waivers))


def outcome(*waivers: Waiver, day: date = DAY) -> Outcome:
    return report(*waivers, day=day).results[0].outcome


@pytest.mark.parametrize(
    ("narrowed", "covers"),
    [
        ({}, True),
        ({"workflow": "release.yml"}, True),
        ({"workflow": ".github/workflows/release.yml", "job": "publish", "secret": "pypi_token", "environment": "PyPI"}, True),
        ({"workflow": "other.yml"}, False),
        ({"job": "build"}, False),
        ({"secret": "OTHER"}, False),
        ({"environment": "testpypi"}, False),
        ({"package": "pkg:pypi/tool"}, False),
    ],
)  # fmt: skip
def test_a_waiver_covers_what_it_is_narrowed_to_and_nothing_else(narrowed: dict[str, str], covers: bool) -> None:  # noqa: FBT001 - the table's answer
    assert outcome(replace(WAIVER, **narrowed)) is (Outcome.WAIVED if covers else Outcome.FAILED)  # type: ignore[arg-type]  # texts, all of them


def test_a_waiver_for_one_secret_does_not_cover_a_finding_about_two() -> None:
    waiver, place = replace(WAIVER, secret="A"), Location(RELEASE_WORKFLOW_PATH, 1, 1)

    assert waiver.covers(TRUSTED, place, FindingSubject(secrets=("A",)))
    assert not waiver.covers(TRUSTED, place, FindingSubject(secrets=("A", "B")))
    assert not waiver.covers(TRUSTED, place, FindingSubject())
    assert not waiver.covers(RuleName("pinned-actions"), place, FindingSubject(secrets=("A",)))


def test_another_rule_is_not_waived() -> None:
    assert outcome(replace(WAIVER, rule=RuleName("pinned-actions"))) is Outcome.FAILED


@pytest.mark.parametrize(
    ("day", "standing"),
    [
        (END - timedelta(days=15), WaiverStatus.ACTIVE),
        (END - timedelta(days=14), WaiverStatus.EXPIRING),
        (END - timedelta(days=1), WaiverStatus.EXPIRING),
        (END, WaiverStatus.EXPIRED),
        (END + timedelta(days=9), WaiverStatus.EXPIRED),
        (END - timedelta(days=180), WaiverStatus.ACTIVE),
        (END - timedelta(days=181), WaiverStatus.TOO_LONG),
    ],
)
def test_it_warns_for_fourteen_days_and_fails_again_on_the_day(day: date, standing: WaiverStatus) -> None:
    assert WAIVER.status(day, DEFAULT_MAX_WAIVER_DURATION) is standing
    assert outcome(WAIVER, day=day) is (
        Outcome.WAIVED if standing in (WaiverStatus.ACTIVE, WaiverStatus.EXPIRING) else Outcome.FAILED
    )


def test_it_takes_another_person_to_approve_it_where_the_review_can_be_seen() -> None:
    alone = Known(WaiverApproval("Bob", ("bob",)))
    nobody = Known(WaiverApproval("bob", ()))

    assert [outcome(replace(WAIVER, approval=each)) for each in (ANOTHER, alone, nobody)] == [
        Outcome.WAIVED, Outcome.FAILED, Outcome.FAILED,
    ]  # fmt: skip
    assert report(replace(WAIVER, approval=ANOTHER)).conclusion is Conclusion.SUCCESS
    assert report(WAIVER).conclusion is Conclusion.NEUTRAL  # nobody saw who approved it


def test_the_one_that_lasts_longest_is_named_and_a_lapsed_one_is_told() -> None:
    later = replace(WAIVER, expires=END + timedelta(days=5), line=9)
    ended = replace(WAIVER, expires=DAY, line=12)

    assert [each.waiver for each in report(WAIVER, later, ended).results[0].waived] == [later]
    assert "note: the waiver publishing.yml:12 of @ann expired on 2026-11-24" in scan_output(
        scan_report.text_format(), [("x", report(ended))]
    )


def test_a_waiver_that_covers_nothing_is_told_so_that_it_can_go() -> None:
    idle = replace(WAIVER, job="gone", line=7)
    judged = report(WAIVER, idle)

    assert judged.unused_waivers == (idle,)
    assert "the waiver publishing.yml:7 of trusted-publishing matches no finding here" in scan_output(
        scan_report.text_format(), [("x", judged)]
    )
    assert report(replace(idle, rule=RuleName("not-in-force"))).unused_waivers == ()


def test_it_is_visible_in_every_report() -> None:
    judged = report(replace(WAIVER, approval=ANOTHER), day=END - timedelta(days=3))
    said = check_run.render_check_run(judged)
    result = json.loads(scan_output(scan_exports.sarif_format("1"), [("x", judged)]))["runs"][0]["results"][0]
    (waived,) = json.loads(scan_output(scan_report.JSON_FORMAT, [("x", judged)]))["repositories"][0]["waived"]

    assert said.title == "0 of 1 rule passed; waived: trusted-publishing"
    assert "waived until 2027&#45;01&#45;31" in said.summary or "waived until 2027-01-31" in said.summary
    assert "it expires soon" in said.summary
    assert said.annotations == ()
    assert "waived until 2027-01-31 by @ann; it expires soon" in scan_output(scan_report.text_format(), [("x", judged)])
    assert (
        result["suppressions"][0]["status"],
        "requested by @bob, approved by @ann" in result["suppressions"][0]["justification"],
    ) == ("accepted", True)
    assert (waived["rule"], waived["waiver"]["expires"], waived["waiver"]["ending"]) == (TRUSTED, "2027-01-31", True)


def test_every_finding_offers_its_waiver_which_is_refused_until_a_person_has_filled_it_in() -> None:
    judged = report()
    (finding,) = judged.results[0].findings
    lines = waiver_template(judged, judged.results[0], finding)
    pasted = "\n".join(["version: 1", *lines])

    with pytest.raises(PolicyError, match="reason` is empty"):
        read(pasted)
    filled = (
        pasted.replace("reason:   ", "reason: moving ")
        .replace("owner:    ", 'owner: "@ann" ')
        .replace("expires:  ", "expires: 2027-01-31 ")
    )
    policy = policy_in_force(read(filled), None, TargetRepository(FullName("acme/tool")))
    (waiver,) = policy.waivers
    assert (waiver.workflow, waiver.job, waiver.secret) == (RELEASE_WORKFLOW_PATH, "publish", "PYPI_TOKEN")
    assert outcome(waiver) is Outcome.WAIVED
    assert "trusted-publishing" in check_run.render_check_run(judged).text.partition("<details>")[2]
    assert "\n".join(f"        {line}" for line in lines) in scan_output(
        scan_report.text_format(scan_report.TextStyle(waiver_templates=True)), [("x", judged)]
    )


@pytest.mark.parametrize("name", ["a: b", "- x", "@ann", "#", "true", "1", 'q"u\\o', "{a", "a\n- rule: all", "é", "~"])
def test_a_stanza_says_any_name_as_it_is(name: str) -> None:
    judged = report(workflow=STORED_TOKEN)
    (finding,) = judged.results[0].findings
    lines = waiver_template(judged, judged.results[0], replace(finding, subject=FindingSubject(job=name)))

    (entry,) = yaml.safe_load("\n".join(lines))["waivers"]
    assert entry["job"] == name
