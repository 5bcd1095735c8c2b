"""The life of an issue about a repository, on a real stand-in: opened, kept, reminded of, closed with evidence, opened again."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
from redis import Redis

from bot.checks.rules import RULES
from bot.model.core_types import FullName, RepositoryId
from bot.rendering.issue import IssueState
from bot.rendering.markdown import HiddenMetadata
from handlers.jobs.job_table import run_job
from handlers.queue.job_specs import (
    CheckBranch,
    DropToken,
    ForgetRepository,
    IssueChanged,
    IssueCommented,
    Remind,
    SweepInstallation,
    WriteIssue,
)
from handlers.records.issue_outbox import IssueOutbox
from handlers.records.policy_custody_store import PolicyCustodyStore
from tests.app.acme import (
    RELEASE_WORKFLOW_PATH,
    STORED_TOKEN,
    TRUSTED_PUBLISHING,
    AcmeInstallation,
    acme_on,
    adopt_policy,
    policy,
)
from tests.fakes.github.activity.issues import label
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.state.issues import FakeIssue

ISSUES = "reports: {issues: repository}\n"
CENTRAL = "reports: {issues: central, central: acme/security}\n"
TODAY = datetime.now(UTC).date()


@pytest.fixture
def acme(redis: Redis) -> Iterator[AcmeInstallation]:
    with acme_on(redis, policy=policy() + ISSUES) as acme:
        yield acme


@pytest.fixture
def widgets(acme: AcmeInstallation) -> ScenarioRepository:
    """Publishes with a stored token."""
    widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
    acme.add_environment(widgets, "pypi")
    return widgets


def check_repository(acme: AcmeInstallation, repository: ScenarioRepository) -> None:
    """Judge the default branch anew, and write its issue if that was asked for."""
    run_job(acme.context, CheckBranch(*acme.names(repository)))
    work_off(acme, repository)


def work_off(acme: AcmeInstallation, repository: ScenarioRepository) -> None:
    """Do the issue's work if it waits in the queue."""
    waiting = WriteIssue(acme.id, RepositoryId(repository.id)).deduplication_key
    if acme.redis.delete(f"rq:job:{waiting}"):
        acme.redis.lrem("rq:queue:sweep", 0, waiting)
        run_job(acme.context, WriteIssue(acme.id, RepositoryId(repository.id)))


def issue(repository: ScenarioRepository) -> FakeIssue:
    (found,) = repository.issues
    return found


def comments_of(repository: ScenarioRepository) -> list[str]:
    return [comment.body.split("\n", 1)[1] for comment in issue(repository).comments]


def days_ago(repository: ScenarioRepository, days: int) -> None:
    """Let the issue have been opened so many days ago."""
    mine = issue(repository)
    marker = HiddenMetadata.parse(mine.body or "")
    assert marker is not None
    life = replace(IssueState.from_fields(marker.fields, TODAY), opened_on=TODAY - timedelta(days=days))
    mine.body = life.to_metadata(marker.subject).attach_to(mine.body or "")


def test_a_failing_repository_has_one_issue_that_says_what_where_and_what_to_do(
    acme: AcmeInstallation, widgets: ScenarioRepository
) -> None:
    check_repository(acme, widgets)
    mine = issue(widgets)
    assert (mine.state, mine.title) == ("open", "acme/widgets does not meet the publishing policy")
    assert f"<code>{RELEASE_WORKFLOW_PATH}:7</code> publishes to PyPI with the stored secret PYPI_TOKEN" in unescape(
        mine.body or ""
    )
    assert "**Fix:**" in (mine.body or "")
    assert "waivers:" in (mine.body or "")


def test_what_is_well_has_none_and_is_asked_about_once(acme: AcmeInstallation) -> None:
    good = acme.organization.repository("good", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})
    acme.add_environment(good, "pypi")
    check_repository(acme, good)
    before = len(acme.github.calls)
    check_repository(acme, good)
    assert good.issues == []
    assert not [call for call in acme.github.calls[before:] if "issues" in call]


def test_two_sweeps_without_a_change_write_nothing(acme: AcmeInstallation, widgets: ScenarioRepository) -> None:
    check_repository(acme, widgets)
    before = len(acme.github.calls)
    check_repository(acme, widgets)
    run_job(acme.context, Remind())
    work_off(acme, widgets)
    later = acme.github.calls[before:]
    assert [call for call in later if "issues" in call] == ["GET /repos/{owner}/{repo}/issues/{issue_number}"]
    assert not [call for call in later if call.startswith("PATCH")]


def test_titles_and_labels_belong_to_people(acme: AcmeInstallation, widgets: ScenarioRepository) -> None:
    check_repository(acme, widgets)
    label(acme.github.world, widgets.state, "later")
    issue(widgets).labels = ["later"]
    widgets.edit(1, title="Our own words")
    widgets.push({RELEASE_WORKFLOW_PATH: "# moved by a line\n" + STORED_TOKEN})
    check_repository(acme, widgets)
    mine = issue(widgets)
    assert (mine.title, mine.labels) == ("Our own words", ["later"])
    assert f"{RELEASE_WORKFLOW_PATH}:8" in unescape(mine.body or "")
    assert mine.comments == []


def test_it_is_closed_with_the_evidence_and_opened_again_when_it_fails_again(
    acme: AcmeInstallation, widgets: ScenarioRepository
) -> None:
    check_repository(acme, widgets)
    widgets.push({RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})
    check_repository(acme, widgets)
    mine = issue(widgets)
    assert (mine.state, mine.reason) == ("closed", "completed")
    assert "No rule fails any more." in comments_of(widgets)[0]
    assert f"<code>{widgets.head[:7]}</code>" in comments_of(widgets)[0]
    widgets.push({RELEASE_WORKFLOW_PATH: STORED_TOKEN})
    check_repository(acme, widgets)
    assert issue(widgets).state == "open"
    assert comments_of(widgets)[1:] == ["trusted-publishing fails again."]


def test_a_rule_that_newly_fails_is_said_once(acme: AcmeInstallation, widgets: ScenarioRepository) -> None:
    check_repository(acme, widgets)
    widgets.state.environments.clear()
    for _ in range(2):
        check_repository(acme, widgets)
    assert comments_of(widgets) == ["protected-environment fails now too."]


def test_closed_by_hand_it_is_opened_once_more_and_no_more(acme: AcmeInstallation, widgets: ScenarioRepository) -> None:
    check_repository(acme, widgets)
    for state in ("open", "closed"):
        widgets.close(1, by="ann")
        run_job(acme.context, IssueChanged(acme.id, FullName(widgets.full_name), 1))
        work_off(acme, widgets)
        assert issue(widgets).state == state
    run_job(acme.context, Remind())
    work_off(acme, widgets)
    assert issue(widgets).state == "closed"
    assert len(comments_of(widgets)) == 1
    assert "This issue was closed, but trusted-publishing fails at present." in comments_of(widgets)[0]


def test_held_in_between_it_may_be_opened_again(acme: AcmeInstallation, widgets: ScenarioRepository) -> None:
    check_repository(acme, widgets)
    for _ in range(2):
        widgets.close(1, by="ann")
        run_job(acme.context, IssueChanged(acme.id, FullName(widgets.full_name), 1))
        work_off(acme, widgets)
    widgets.push({RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})
    check_repository(acme, widgets)
    assert len(comments_of(widgets)) == 1  # nobody needs to hear of it
    widgets.push({RELEASE_WORKFLOW_PATH: STORED_TOKEN})
    check_repository(acme, widgets)
    assert issue(widgets).state == "open"


def test_reminders_come_after_7_30_and_90_days_each_once(acme: AcmeInstallation, widgets: ScenarioRepository) -> None:
    check_repository(acme, widgets)
    for days in (6, 7, 8, 29, 31, 90, 200):
        days_ago(widgets, days)
        for _ in range(2):
            run_job(acme.context, Remind())
            work_off(acme, widgets)
    assert [words.split(" since ")[1] for words in comments_of(widgets)] == [
        "7 days. The next reminder comes in 23 days.",
        "31 days. The next reminder comes in 59 days.",
        "90 days. This is the last reminder; the digest still lists the findings.",
    ]


@pytest.mark.parametrize("permission", ["actions", "secrets"])
def test_what_cannot_be_seen_opens_nothing_and_closes_nothing(
    acme: AcmeInstallation, widgets: ScenarioRepository, permission: str
) -> None:
    widgets.state.environments.clear()
    check_repository(acme, widgets)
    before = (issue(widgets).state, len(issue(widgets).comments))
    acme.installation.permissions.pop(permission, None)
    run_job(acme.context, DropToken(acme.id))
    widgets.push({RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})
    check_repository(acme, widgets)
    hidden = permission == "actions"  # shows environments; the other has nothing to do with what failed
    assert (issue(widgets).state, len(issue(widgets).comments)) == before == ("open", 0)
    other = acme.organization.repository("other", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})
    check_repository(acme, other)
    assert len(other.issues) == (0 if hidden else 1)


def test_an_unreadable_workflow_closes_nothing(acme: AcmeInstallation, widgets: ScenarioRepository) -> None:
    check_repository(acme, widgets)
    widgets.push({RELEASE_WORKFLOW_PATH: "jobs: ["})
    check_repository(acme, widgets)
    assert (issue(widgets).state, comments_of(widgets)) == ("open", [])


def test_a_policy_that_is_not_valid_closes_nothing(acme: AcmeInstallation, widgets: ScenarioRepository) -> None:
    check_repository(acme, widgets)
    PolicyCustodyStore(acme.records).forget(acme.id)
    acme.github.repository("acme/.github").push({"publishing.yml": "version: 9\n"})
    widgets.push({RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})
    check_repository(acme, widgets)
    assert issue(widgets).state == "open"


def test_out_of_policy_it_is_no_longer_evaluated(acme: AcmeInstallation, widgets: ScenarioRepository) -> None:
    check_repository(acme, widgets)
    off = "".join(f"  {rule.name}: false\n" for rule in RULES)
    adopt_policy(acme.github.repository("acme/.github"), f"version: 1\nrules:\n{off}{ISSUES}")
    check_repository(acme, widgets)
    assert (issue(widgets).state, issue(widgets).reason) == ("closed", "not_planned")
    assert comments_of(widgets) == [
        "<code>acme/widgets</code> is no longer evaluated: no rule of the policy is in force here."
    ]


def test_in_the_central_repository_there_is_one_for_each(acme: AcmeInstallation, widgets: ScenarioRepository) -> None:
    security = acme.organization.repository("security")
    adopt_policy(acme.github.repository("acme/.github"), policy() + CENTRAL)
    gadgets = acme.organization.repository("gadgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
    for repository in (widgets, gadgets):
        check_repository(acme, repository)
    assert [each.title.split()[0] for each in security.issues] == ["acme/widgets", "acme/gadgets"]
    gadgets.state.archived = True
    run_job(acme.context, SweepInstallation(acme.id))
    work_off(acme, gadgets)
    run_job(acme.context, ForgetRepository(acme.id, RepositoryId(widgets.id)))
    work_off(acme, widgets)
    assert [(each.state, each.reason) for each in security.issues] == [("closed", "not_planned")] * 2
    ends = [each.comments[-1].body.partition(": ")[2] for each in security.issues]
    assert ends == ["it was deleted, or the App can no longer see it.", "it is archived, and publishes nothing."]


def test_where_the_policy_wants_it_elsewhere_it_moves(acme: AcmeInstallation, widgets: ScenarioRepository) -> None:
    check_repository(acme, widgets)
    security = acme.organization.repository("security")
    adopt_policy(acme.github.repository("acme/.github"), policy() + CENTRAL)
    check_repository(acme, widgets)
    assert (issue(widgets).state, issue(widgets).reason) == ("closed", "not_planned")
    assert [each.state for each in security.issues] == ["open"]
    adopt_policy(acme.github.repository("acme/.github"), policy())
    check_repository(acme, widgets)
    assert [each.state for each in security.issues] == ["closed"]


def test_without_issues_in_the_repository_or_leave_to_write_them_nothing_breaks(
    redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    with acme_on(redis, policy=policy() + ISSUES, without=("issues",)) as acme:
        widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
        check_repository(acme, widgets)
        assert "the issue about acme/widgets in acme/widgets is not written: GitHub does not let" in caplog.text
        assert IssueOutbox(acme.records).get_open(RepositoryId(widgets.id)) is None


def test_a_comment_in_our_issue_makes_us_look_again_and_in_no_other(
    acme: AcmeInstallation, widgets: ScenarioRepository
) -> None:
    check_repository(acme, widgets)
    other = widgets.open_issue(
        "Theirs", HiddenMetadata("publishing", f"repository-{widgets.id}").attach_to("mine"), by="mallory"
    )
    run_job(acme.context, IssueCommented(acme.id, FullName(widgets.full_name), other.number))
    assert not list(acme.redis.scan_iter("rq:job:*"))
    run_job(acme.context, IssueCommented(acme.id, FullName(widgets.full_name), 1))
    assert len(list(acme.redis.scan_iter("rq:job:*"))) == 1


def test_a_marker_full_of_nonsense_is_an_issue_of_today() -> None:
    notes = {"since": "9999-99-99", "round": "x" * 9, "reminded": "-1", "settled": "maybe"}
    assert IssueState.from_fields(notes, date(2026, 5, 1)) == IssueState(date(2026, 5, 1))
