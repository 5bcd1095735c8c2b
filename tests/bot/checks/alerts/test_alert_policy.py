"""What becomes of alerts: weighed by the policy in force, told in the check run and the issue, and nothing of it live."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar

import pytest

from bot.checks.alerts import ChangeAlert, RepositoryChange
from bot.checks.alerts.moved_tag import MovedTag
from bot.evaluation.change_report import ChangeReport, StoredAlert, apply_policy, change_report, evaluate_change
from bot.model.core_types import Conclusion, Mode, Outcome, RuleName, Sha
from bot.model.findings import Finding, FindingSubject, Location, Unknown
from bot.policy import Policy, TargetRepository, policy_in_force
from bot.policy.read_policy import read_policy
from bot.rendering.alert import add_change_alerts, render_change_alert, render_change_alert_update
from bot.rendering.check_run import CheckRunText
from handlers.records.change_alert_store import reports_fingerprint
from tests.bot.checks.alerts.change_blocks import CATALOG, HEAD, NOW, TOOL, read_change

TODAY = date(2026, 11, 24)
GREEN = CheckRunText(Conclusion.SUCCESS, "All 3 rules passed", "3 publications found.", "", ())


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenAlert(ChangeAlert):
    """An alert of ours that breaks."""

    name: ClassVar[RuleName] = RuleName("broken")

    def applies(self, change: RepositoryChange) -> bool:
        return change.is_tag_push

    def judge(self, change: RepositoryChange) -> Iterator[Finding | Unknown]:
        yield Finding(Location("a.yml", 3, 3), "was seen", "Look.")
        raise ValueError(change.repository)


def moved() -> RepositoryChange:
    return read_change("push: {tag: v1.4.0, by: mallory}\ntag: {was: 5afe}", {}, {})


def in_force(text: str) -> Policy:
    return policy_in_force(
        read_policy(f"version: 1\n{text}".encode(), CATALOG.registries), target=TargetRepository(TOOL)
    )


def news(policy: Policy | None = None) -> ChangeReport:
    return change_report(moved(), "mallory pushed the tag v1.4.0", HEAD, evaluate_change(moved(), policy or Policy()))


def test_an_alert_that_raises_is_an_error_and_the_others_are_judged() -> None:
    found = news(replace(Policy(), alerts=(BrokenAlert(mode=Mode.ENFORCE), MovedTag()))).alerts

    assert [(each.name, each.outcome, each.error is not None) for each in found] == [
        ("broken", Outcome.FAILED, True),
        ("moved-tag", Outcome.FAILED, False),
    ]
    assert replace(found[0], findings=()).conclusion is Conclusion.ACTION_REQUIRED


def test_the_policy_in_force_applies_to_alerts_observed_before() -> None:
    waived = "waivers: [{rule: moved-tag, repository: acme/tool, reason: a mistake mended, owner: '@bob', expires: 2026-12-24}]"

    assert [each.conclusion for each in apply_policy(news(), in_force("mode: enforce"), TODAY).alerts] == [
        Conclusion.FAILURE
    ]
    assert apply_policy(news(), in_force("alerts: {moved-tag: off}"), TODAY).alerts == ()
    (quiet,) = apply_policy(news(), in_force("alerts: {moved-tag: {open-issue: false}}"), TODAY).alerts
    assert (quiet.needs_issue, quiet.outcome) == (False, Outcome.FAILED)
    (accepted,) = apply_policy(news(), in_force(waived), TODAY).alerts
    assert (accepted.outcome, accepted.conclusion) == (Outcome.WAIVED, Conclusion.NEUTRAL)
    (again,) = apply_policy(news(), in_force(waived), date(2026, 12, 24)).alerts
    assert again.outcome is Outcome.FAILED


def test_a_repositorys_own_policy_can_only_be_stricter() -> None:
    own = read_policy(b"version: 1\nalerts: {moved-tag: off, stray-tag: {open-issue: false}, new-runner: {mode: enforce}}", (), ".github/publishing.yml")  # fmt: skip
    policy = policy_in_force(read_policy(b"version: 1", ()), own, TargetRepository(TOOL))
    signals = {str(signal.name): signal for signal in policy.alerts}

    assert signals["moved-tag"].mode is Mode.OBSERVE
    assert signals["stray-tag"].open_issue is True
    assert signals["new-runner"].mode is Mode.ENFORCE
    assert any("switches it off for moved-tag" in note for note in policy.notes)


@pytest.mark.parametrize(
    ("mode", "conclusion"), [(Mode.OBSERVE, Conclusion.NEUTRAL), (Mode.ENFORCE, Conclusion.FAILURE)]
)
def test_a_green_check_run_is_green_no_more(mode: Mode, conclusion: Conclusion) -> None:
    heard = apply_policy(news(), in_force(f"mode: {mode}"), TODAY)
    said = add_change_alerts(GREEN, [heard])

    assert (said.conclusion, said.title) == (
        conclusion,
        "1 alert: A tag was moved to another commit · All 3 rules passed",
    )
    assert "mallory pushed the tag v1.4.0" in said.summary
    assert add_change_alerts(GREEN, [apply_policy(news(), in_force("alerts: {moved-tag: off}"), TODAY)]) == GREEN


def test_text_of_a_repository_is_inert_in_every_report() -> None:
    evil = "<img src=x>@acme/all [x](https://example.org)\u202e"
    finding = Finding(Location("a.yml", 1, 1), f"was pushed by {evil}", f"Ask {evil}", subject=FindingSubject(job=evil))
    heard = StoredAlert(RuleName("moved-tag"), "A tag was moved", MovedTag().severity, Mode.OBSERVE, open_issue=True, findings=(finding,))  # fmt: skip
    told = ChangeReport(TOOL, f"{evil} pushed", HEAD, NOW, (heard,))
    said = add_change_alerts(GREEN, [told])

    for text in (said.summary, said.text, render_change_alert([told]).body, render_change_alert_update([told])):
        assert "<img" not in text
        assert "@acme" not in text
        assert "](" not in text
        assert "\u202e" not in text


def test_a_fingerprint_names_the_alerts_and_is_empty_without_any() -> None:
    assert reports_fingerprint(()) == reports_fingerprint((replace(news(), alerts=()),)) == ""
    assert (
        reports_fingerprint((news(),))
        == reports_fingerprint((news(),))
        != reports_fingerprint((replace(news(), commit=Sha("0" * 40), summary="else"),))
    )
