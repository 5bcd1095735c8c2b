"""The access review: on its day an issue asks for each identity, whoever may answers with a tick, and it is noted who and when."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from bot.model.core_types import FullName, RepositoryId
from handlers.jobs.job_table import run_job
from handlers.queue.job_specs import ForgetRepository, ReviewAccess
from handlers.records.report_store import ReportStore
from handlers.records.review_store import ReviewRoundStore, ReviewStore
from tests.app.acme import RELEASE_WORKFLOW_PATH, STORED_TOKEN, AcmeInstallation, acme_on
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.state.issues import FakeIssue
from tests.handlers.jobs.identities.checkbox_events import deliver, deliver_edits, tick_checkbox
from tests.handlers.jobs.test_sweeps import waiting

POLICY = """version: 1
reports: {issues: repository}
rules: {reviewed-access: {review-interval: 90d}}
identities:
  - {secret: PYPI_TOKEN, in: acme/widgets, owner: "@acme/release", purpose: uploads, expires: 2027-01-01}
"""
WRITES = ("POST", "PATCH", "DELETE")


@pytest.fixture
def acme(redis: Redis) -> Iterator[AcmeInstallation]:
    with acme_on(redis, policy=POLICY) as acme:
        acme.organization.member("mona")
        acme.organization.team("release", "mona")
        yield acme


def widgets(acme: AcmeInstallation, *, days: int = 100) -> ScenarioRepository:
    """A repository with a secret and a deploy key, first looked at so many days ago."""
    made = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
    made.secret("PYPI_TOKEN", age=400)
    made.deploy_key("ship it", read_only=False, age=200)
    made.collaborator("root", "admin")
    made.collaborator("bob", "write")
    ReviewStore(acme.records).record_check(RepositoryId(made.id), datetime.now(UTC) - timedelta(days=days))
    acme.check(made)
    return made


def review(acme: AcmeInstallation, repository: ScenarioRepository) -> None:
    """Do the review's work."""
    run_job(acme.context, ReviewAccess(acme.id, RepositoryId(repository.id)))


def opened(acme: AcmeInstallation, repository: ScenarioRepository) -> FakeIssue:
    review(acme, repository)
    (issue,) = [each for each in repository.issues if "Review" in each.title]
    return issue


def outcome(acme: AcmeInstallation, repository: ScenarioRepository) -> str:
    acme.check(repository, recheck=True)
    standing = ReportStore(acme.records).get(RepositoryId(repository.id))
    assert standing is not None
    outcomes = standing.report["outcomes"]
    assert isinstance(outcomes, dict)
    return str(outcomes["reviewed-access"])


def test_nothing_is_asked_before_its_time(acme: AcmeInstallation) -> None:
    made = widgets(acme, days=60)
    assert not [each for each in waiting(acme.redis) if each.startswith("review-access")]
    review(acme, made)
    assert made.issues == []
    assert outcome(acme, made) == "passed"


def test_before_it_is_overdue_an_issue_asks_for_each_identity(acme: AcmeInstallation) -> None:
    made = widgets(acme, days=80)
    assert [each for each in waiting(acme.redis) if each.startswith("review-access")]
    body = opened(acme, made).body or ""

    assert outcome(acme, made) == "passed"
    assert "### secret PYPI&#95;TOKEN" in body
    assert "- Owner: @acme/release\n- Purpose: uploads\n" in body
    assert "### deploy key ship it" in body
    assert "- Owner: none; it is not in the register" in body
    assert body.count("- [ ] **Confirm**") == body.count("- [ ] **Remove**") == 2


def test_overdue_fails_until_everything_has_its_answer(acme: AcmeInstallation) -> None:
    made = widgets(acme)
    issue = opened(acme, made)
    assert outcome(acme, made) == "failed"

    tick_checkbox(acme, made, issue, ("secret PYPI", "Confirm"), by="mona")
    assert f"- [x] **Confirm**: it is still needed as it is. — <code>&#64;mona</code>, {datetime.now(UTC).date()}" in (
        issue.body or ""
    )
    assert issue.state == "open"
    tick_checkbox(acme, made, issue, ("deploy key", "Confirm"), by="root")
    assert (issue.state, issue.reason) == ("closed", "completed")
    assert "| the deploy key ship it | confirmed | <code>&#64;root</code> |" in issue.comments[-1].body
    assert outcome(acme, made) == "passed"


def test_who_may_not_is_told_once_and_nothing_is_noted(acme: AcmeInstallation) -> None:
    made = widgets(acme)
    issue = opened(acme, made)
    for _ in range(2):
        tick_checkbox(acme, made, issue, ("secret PYPI", "Confirm"), by="bob")

    assert "[x]" not in (issue.body or "")
    (said,) = issue.comments
    assert "An answer was not recorded: The owner of the identity" in said.body
    assert not ReviewStore(acme.records).of_repository(RepositoryId(made.id), FullName("acme/widgets")).reviews


def test_what_was_dropped_is_not_asked_for_again_and_can_still_be_confirmed(acme: AcmeInstallation) -> None:
    made = widgets(acme)
    issue = opened(acme, made)
    tick_checkbox(acme, made, issue, ("deploy key", "Remove"), by="root")
    tick_checkbox(acme, made, issue, ("secret PYPI", "Confirm"), by="mona")
    assert issue.state == "closed"
    assert "| the deploy key ship it | **removed** |" in issue.comments[-1].body
    assert outcome(acme, made) == "failed"
    review(acme, made)
    assert issue.state == "closed"

    tick_checkbox(acme, made, issue, ("deploy key", "Confirm"), by="root")
    assert "This was noted for the deploy key ship it, though the review is over." in issue.comments[-1].body
    assert outcome(acme, made) == "passed"


def test_another_tick_replaces_the_first_and_taking_one_out_changes_nothing(acme: AcmeInstallation) -> None:
    made = widgets(acme)
    issue = opened(acme, made)
    tick_checkbox(acme, made, issue, ("secret PYPI", "Confirm"), by="mona")
    tick_checkbox(acme, made, issue, ("secret PYPI", "Remove"), by="root")
    assert "- [ ] **Confirm**: it is still needed as it is. <" in (issue.body or "")
    assert "- [x] **Remove**: revoke it. — <code>&#64;root" in (issue.body or "")

    made.edit(issue.number, body=(issue.body or "").replace("[x]", "[ ]"), by="bob")
    review(acme, made)
    assert "- [x] **Remove**" in (issue.body or "")


def test_done_again_without_news_nothing_is_written(acme: AcmeInstallation) -> None:
    made = widgets(acme)
    opened(acme, made)
    before = len([call for call in acme.github.calls if call.startswith(WRITES)])
    review(acme, made)
    ReviewRoundStore(acme.records).end(RepositoryId(made.id))  # as after a kill between opening the issue and noting it
    review(acme, made)
    assert len(made.issues) == 1
    assert len([call for call in acme.github.calls if call.startswith(WRITES)]) - before <= 1


def test_closed_by_hand_it_is_opened_once_more(acme: AcmeInstallation) -> None:
    made = widgets(acme)
    issue = opened(acme, made)
    made.close(issue.number, by="bob")
    review(acme, made)
    assert issue.state == "open"
    made.close(issue.number, by="bob")
    review(acme, made)
    assert issue.state == "closed"
    assert outcome(acme, made) == "failed"


def test_a_box_that_only_a_payload_ticks_is_not_noted(acme: AcmeInstallation) -> None:
    made = widgets(acme)
    issue = opened(acme, made)
    body = issue.body or ""
    forged = deliver_edits(acme, made, issue, (body, body.replace("[ ]", "[x]")), by="root")
    assert deliver(acme, forged) == ["record-review"]
    assert not ReviewStore(acme.records).of_repository(RepositoryId(made.id), FullName("acme/widgets")).reviews
    assert ReviewRoundStore(acme.records).get(RepositoryId(made.id)) is not None


def test_a_repository_that_is_no_longer_evaluated_has_no_open_review(acme: AcmeInstallation) -> None:
    made = widgets(acme)
    issue = opened(acme, made)
    run_job(acme.context, ForgetRepository(acme.id, RepositoryId(made.id)))
    review(acme, made)
    assert issue.state == "closed"
    assert "no longer evaluated" in issue.comments[-1].body
    assert ReviewRoundStore(acme.records).get(RepositoryId(made.id)) is None
