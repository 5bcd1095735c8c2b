"""A review that nobody answers: people are assigned, reminded and replaced, it is escalated, and releases wait for an answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from bot.checks.rules import RULES
from bot.model.core_types import FullName, RepositoryId
from bot.model.identity_register import AccessReview
from handlers.events.event_table import jobs_for_event
from handlers.jobs.job_table import run_job
from handlers.queue.job_specs import OrganizationChange, OrganizationChanged, ReviewAccess
from handlers.records.review_store import ReviewRoundStore, ReviewStore
from tests.app.acme import RELEASE_WORKFLOW_PATH, STORED_TOKEN, AcmeInstallation, acme_on
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.state.issues import FakeIssue
from tests.handlers.jobs.gate.gate_scenario import GateScenario, deployment_waiting
from tests.handlers.jobs.identities.checkbox_events import tick_checkbox
from tests.handlers.jobs.test_sweeps import waiting

RULES_OFF = "".join(f"  {rule.name}: off\n" for rule in RULES if rule.name != "reviewed-access")
GATE_OFF = (
    "release-authority protected-ref reachable-commit passed-check independent-approval allowed-triggers new-version"
)
POLICY = f"""version: 1
mode: enforce
reports: {{issues: repository, security-team: "@acme/security"}}
rules:
{RULES_OFF}  reviewed-access: {{review-interval: 90d}}
gate: {{reviewed-identities: {{hold-overdue: true}}, {", ".join(f"{name}: off" for name in GATE_OFF.split())}}}
identities:
  - {{secret: PYPI_TOKEN, in: acme/widgets, owner: "@mona", team: "@acme/release", purpose: uploads, expires: 2027-01-01}}
"""
Story = tuple[AcmeInstallation, ScenarioRepository]


@contextmanager
def opened(redis: Redis, *, without: tuple[str, ...] = (), days: int = 100) -> Iterator[Story]:
    """The repository `widgets`, first looked at so many days ago, publishes with one secret; its review is due after 90."""
    with acme_on(redis, policy=POLICY, without=without) as acme:
        for login in ("mona", "root"):
            acme.organization.member(login)
        acme.organization.team("release", "rita")
        acme.organization.team("security", "sam")
        widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
        widgets.environment("pypi", gates=[acme.github.app])
        widgets.secret("PYPI_TOKEN", age=400)
        widgets.collaborator("root", "admin")
        widgets.collaborator("bob", "write")
        ReviewStore(acme.records).record_check(RepositoryId(widgets.id), datetime.now(UTC) - timedelta(days=days))
        acme.check(widgets)
        yield acme, widgets


@pytest.fixture
def story(redis: Redis) -> Iterator[Story]:
    with opened(redis) as made:
        yield made


def review(acme: AcmeInstallation, widgets: ScenarioRepository, *, days: float = 0) -> FakeIssue:
    """Do the review's work as if it was so many days later."""
    later = replace(acme.context, clock=lambda: datetime.now(UTC) + timedelta(days=days))
    run_job(later, ReviewAccess(acme.id, RepositoryId(widgets.id)))
    (issue,) = [each for each in widgets.issues if "Review" in each.title]
    return issue


def people_asked(issue: FakeIssue) -> list[str]:
    return sorted(each.login for each in issue.assignees)


def answers(acme: AcmeInstallation, widgets: ScenarioRepository) -> list[AccessReview]:
    stored = ReviewStore(acme.records).of_repository(RepositoryId(widgets.id), FullName("acme/widgets"))
    return list(stored.reviews)


def say(acme: AcmeInstallation, widgets: ScenarioRepository, issue: FakeIssue, text: str, *, by: str) -> list[str]:
    """A person comments; what the delivery asks for is done."""
    widgets.comment(issue.number, text, by=by)
    delivery = acme.github.deliveries[-1]
    assert (delivery.event, delivery.action) == ("issue_comment", "created")
    specs = jobs_for_event("issue_comment", delivery.payload).jobs
    for spec in specs:
        run_job(acme.context, spec)
    return [spec.job for spec in specs]


def code_in(issue: FakeIssue) -> str:
    """The code of the only identity in the issue."""
    return (issue.body or "").partition("- Code: <code>")[2].partition("</code>")[0]


def test_the_owner_is_assigned_and_reminded_and_then_it_is_escalated_each_once(story: Story) -> None:
    acme, widgets = story
    issue = review(acme, widgets)
    assert people_asked(issue) == ["mona"]

    said = []
    for day in (6, 7, 8, 14, 20, 21, 30):
        before = len(issue.comments)
        review(acme, widgets, days=day)
        review(acme, widgets, days=day)
        said.append((day, [each.body for each in issue.comments[before:]]))
    assert [(day, len(bodies)) for day, bodies in said] == [(6, 0), (7, 1), (8, 0), (14, 1), (20, 0), (21, 1), (30, 0)]
    reminders = {day: bodies[0] for day, bodies in said if bodies}
    assert "@mona 1 identity still needs an answer" in reminders[7]
    assert "@acme/security" not in reminders[14]
    assert "@mona @acme/release @acme/security 1 identity" in reminders[21]
    assert "Nobody answered the reminders" in reminders[21]


def test_a_sweep_that_missed_weeks_writes_the_last_step_only(story: Story) -> None:
    acme, widgets = story
    issue = review(acme, widgets)
    review(acme, widgets, days=40)
    assert len(issue.comments) == 1
    assert "@acme/security" in issue.comments[0].body


def test_an_owner_who_leaves_is_replaced_by_the_team_at_once_and_can_no_longer_answer(story: Story) -> None:
    acme, widgets = story
    issue = review(acme, widgets)
    acme.organization.remove_member("mona")
    run_job(acme.context, OrganizationChanged(acme.id, "acme", OrganizationChange.PEOPLE))
    assert any(each.startswith("check-branch") for each in waiting(acme.redis))
    acme.check(widgets, recheck=True)
    assert any(each.startswith("review-access") for each in waiting(acme.redis))
    review(acme, widgets)

    assert "- Owner: <code>&#64;mona</code>, who left; @acme/release answers" in (issue.body or "")
    (said,) = issue.comments
    assert "<code>&#64;mona</code> no longer answers for the secret PYPI&#95;TOKEN. @acme/release answers" in said.body
    tick_checkbox(acme, widgets, issue, ("secret PYPI", "Confirm"), by="mona")
    assert answers(acme, widgets) == []
    tick_checkbox(acme, widgets, issue, ("secret PYPI", "Confirm"), by="rita")
    assert [each.reviewer for each in answers(acme, widgets)] == ["rita"]


def test_without_sight_of_the_members_nobody_is_taken_to_have_left(redis: Redis) -> None:
    with opened(redis, without=("members",)) as (acme, widgets):
        issue = review(acme, widgets)
        assert "- Owner: <code>&#64;mona</code>\n" in (issue.body or "")
        assert people_asked(issue) == []
        tick_checkbox(acme, widgets, issue, ("secret PYPI", "Confirm"), by="sam")
        assert answers(acme, widgets) == []  # nobody knows that sam is in the security team
        tick_checkbox(acme, widgets, issue, ("secret PYPI", "Confirm"), by="mona")
        assert [each.reviewer for each in answers(acme, widgets)] == ["mona"]


def test_a_comment_answers_with_a_reason_and_the_record_says_what_was_shown(story: Story) -> None:
    acme, widgets = story
    issue = review(acme, widgets)
    assert say(acme, widgets, issue, f"Fine:\n/confirm {code_in(issue)} the mirror | needs it <b>", by="mona") == [
        "answer-review"
    ]

    (answer,) = answers(acme, widgets)
    assert (answer.keep, answer.reviewer, answer.reason) == (True, "mona", "the mirror | needs it <b>")
    assert answer.shown.startswith("owner @mona; purpose uploads; created ")
    assert "used by .github/workflows/release.yml; open to every workflow of the repository" in answer.shown
    assert issue.state == "closed"
    assert "| the mirror &#124; needs it &#60;b&#62; |" in issue.comments[-1].body


@pytest.mark.parametrize("by", ["bob", "eve"])
def test_a_comment_of_somebody_who_may_not_is_refused_once(story: Story, by: str) -> None:
    acme, widgets = story
    issue = review(acme, widgets)
    for _ in range(2):
        say(acme, widgets, issue, f"/confirm {code_in(issue)} because", by=by)
    assert answers(acme, widgets) == []
    assert sum("An answer was not recorded" in each.body for each in issue.comments) == 1


def test_a_comment_that_somebody_edited_is_nobodys_answer(story: Story) -> None:
    acme, widgets = story
    issue = review(acme, widgets)
    widgets.comment(issue.number, "What is this?", by="mona")
    (said,) = issue.comments
    said.body, said.updated = f"/confirm {code_in(issue)} sure", said.created + 60
    payload = acme.github.deliveries[-1].payload
    for spec in jobs_for_event("issue_comment", payload).jobs:
        run_job(acme.context, spec)
    assert answers(acme, widgets) == []


def test_two_people_who_answer_differently_are_told_and_both_are_recorded(story: Story) -> None:
    acme, widgets = story
    issue = review(acme, widgets)
    say(acme, widgets, issue, f"/confirm {code_in(issue)} still needed", by="mona")
    acme.check(widgets, recheck=True)
    say(acme, widgets, issue, f"/remove {code_in(issue)} it leaked", by="root")
    assert [(each.reviewer, each.keep, each.reason) for each in answers(acme, widgets)] == [
        ("mona", True, "still needed"),
        ("root", False, "it leaked"),
    ]
    assert any("@mona confirmed the secret" in each.body for each in issue.comments)


def release(story: Story) -> GateScenario:
    return deployment_waiting(*story, by="mona")


def test_a_release_waits_for_the_overdue_review_of_its_identity_and_leaves_with_the_answer(story: Story) -> None:
    acme, widgets = story
    issue = review(acme, widgets)
    pending = release(story)
    assert pending.decide() is None
    (said,) = pending.status_reports
    assert "whether the secret PYPI_TOKEN may still publish" in said.replace("&#95;", "_")
    assert f"its owner answers in acme/widgets&#35;\u2060{issue.number}" in said

    tick_checkbox(acme, widgets, issue, ("secret PYPI", "Confirm"), by="sam")
    assert any(each.startswith("decide-gate") for each in waiting(acme.redis, "gate"))
    assert pending.decide() == "approved"


def test_a_release_of_a_rejected_identity_is_rejected(story: Story) -> None:
    acme, widgets = story
    issue = review(acme, widgets)
    pending = release(story)
    tick_checkbox(acme, widgets, issue, ("secret PYPI", "Remove"), by="mona")
    assert pending.decide() == "rejected"
    assert "may no longer publish, because &#64;\u2060mona rejected it on" in pending.comment


def test_a_release_does_not_wait_before_the_review_is_overdue(redis: Redis) -> None:
    with opened(redis, days=80) as story:
        review(*story)
        assert release(story).decide() == "approved"


def test_a_release_waits_where_nobody_knows_the_reviews(story: Story) -> None:
    acme, _ = story
    pending = release(story)
    acme.redis.flushall()  # what was evaluated last went with it
    assert pending.decide() is None
    assert "the default branch was not evaluated yet" in pending.status_reports[-1]


def test_a_kill_between_reminding_and_noting_it_writes_no_second_reminder(story: Story) -> None:
    acme, widgets = story
    issue = review(acme, widgets)
    rounds = ReviewRoundStore(acme.records)
    before = rounds.get(RepositoryId(widgets.id))
    assert before is not None
    review(acme, widgets, days=7)
    rounds.put(RepositoryId(widgets.id), before)
    review(acme, widgets, days=7)
    assert len(issue.comments) == 1
