"""Revocation: what has to go gets its list; where the App may, a person has a stored secret deleted; the same name is noticed again."""

from collections.abc import Iterator

import pytest
from redis import Redis

from bot.model.core_types import RegistryId, RepositoryId
from bot.registries.revocation_pages import revocation_page
from handlers.jobs.job_table import run_job
from handlers.queue.job_specs import VerifyDeletions, WriteIssue
from handlers.records.report_store import ReportStore
from handlers.records.review_store import DeletionState, SecretDeletionStore
from tests.app.acme import CATALOG, RELEASE_WORKFLOW_PATH, STORED_TOKEN, TRUSTED_PUBLISHING, AcmeInstallation, acme_on
from tests.fakes.github.http_api.faults import Fault
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.state.issues import FakeIssue
from tests.handlers.jobs.identities.checkbox_events import tick_checkbox
from tests.handlers.jobs.test_sweeps import waiting
from tests.repository.test_app_manifest import MANIFEST

POLICY = """version: 1
reports: {{issues: repository}}
identities:
  - {{secret: PYPI_TOKEN, in: acme/widgets, owner: "@mona", purpose: uploads, expires: {expires}}}
"""
PAGE = revocation_page(RegistryId("pypi"), "token")
DELETED = "DELETE /repos/{owner}/{repo}/actions/secrets/{secret_name}"


def opened(redis: Redis, *, expires: int = 100, tier: bool = True) -> Iterator[AcmeInstallation]:
    """The organization with its policy; the register's entry ends in so many days."""
    permissions = {**MANIFEST["default_permissions"], **({"secrets": "write"} if tier else {})}
    with acme_on(redis, permissions=permissions) as acme:
        acme.organization.repository(".github", {"publishing.yml": POLICY.format(expires=acme.date_in(expires))})
        acme.organization.member("mona")
        yield acme


@pytest.fixture
def acme(redis: Redis) -> Iterator[AcmeInstallation]:
    """Where the optional tier is granted."""
    yield from opened(redis)


@pytest.fixture
def careful(redis: Redis) -> Iterator[AcmeInstallation]:
    """Where it is not."""
    yield from opened(redis, tier=False)


@pytest.fixture
def ended(redis: Redis) -> Iterator[AcmeInstallation]:
    """Where the end of the token has come."""
    yield from opened(redis, expires=0)


def leftover(acme: AcmeInstallation) -> ScenarioRepository:
    """A repository that publishes as it should, and kept the old token."""
    made = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})
    made.secret("PYPI_TOKEN", age=400)
    made.environment("pypi")
    made.collaborator("root", "admin")
    made.collaborator("bob", "write")
    return made


def issue_of(acme: AcmeInstallation, repository: ScenarioRepository) -> FakeIssue:
    """Judge the default branch, and return the issue that is written about it."""
    acme.check(repository, recheck=True)
    run_job(acme.context, WriteIssue(acme.id, RepositoryId(repository.id)))
    (issue,) = repository.issues
    return issue


def states(acme: AcmeInstallation, repository: ScenarioRepository) -> list[DeletionState]:
    return [each.state for each in SecretDeletionStore(acme.records, RepositoryId(repository.id)).all()]


def findings(acme: AcmeInstallation, repository: ScenarioRepository) -> list[str]:
    standing = ReportStore(acme.records).get(RepositoryId(repository.id))
    assert standing is not None
    found = standing.report["findings"]
    assert isinstance(found, list)
    return [f"{each['rule']}: {each['message']}" for each in found]


def test_the_pages_are_those_of_known_registries() -> None:
    known = {registry for registry in CATALOG.registries if revocation_page(registry, "token")}
    assert {"pypi", "npm", "crates.io", "rubygems", "nuget", "docker-hub"} <= known
    assert revocation_page(RegistryId("nowhere"), "token") is None


def test_what_is_left_over_gets_its_list_in_order(careful: AcmeInstallation) -> None:
    body = issue_of(careful, leftover(careful)).body or ""
    assert PAGE is not None
    listed = body.partition("### To revoke, in this order")[2].partition("### ")[0]
    assert "**the secret PYPI&#95;TOKEN**, because trusted publishing took its place:" in listed
    steps = [line for line in listed.splitlines() if line[:2] in ("1.", "2.", "3.")]
    assert steps[0].startswith("1. Revoke the token at PyPI: [<code>https&#58;//")
    assert steps[1] == "2. Delete the secret in GitHub: Settings, Secrets and variables, Actions."
    assert steps[2].startswith("3. Remove its entry from the register")
    assert "[ ]" not in listed  # the App may not delete anything here


def test_what_ended_and_is_still_used_first_has_to_be_replaced(ended: AcmeInstallation) -> None:
    made = ended.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
    made.secret("PYPI_TOKEN")
    body = issue_of(ended, made).body or ""
    assert "because its end in the register has come:" in body
    assert (
        f"1. Let the workflow publish without it first (<code>{RELEASE_WORKFLOW_PATH.replace('_', '&#95;')}&#58;7</code>)"
        in body
    )


def test_without_the_tier_the_app_watches_it_disappear(careful: AcmeInstallation) -> None:
    made = leftover(careful)
    issue = issue_of(careful, made)
    made.forget_secret("PYPI_TOKEN")
    issue_of(careful, made)
    assert "To revoke" not in (issue.body or "") or issue.state == "closed"
    assert not any("no-leftover-secrets" in each for each in findings(careful, made))


def test_an_administrator_has_it_deleted_and_the_next_look_verifies_it(acme: AcmeInstallation) -> None:
    made = leftover(acme)
    issue = issue_of(acme, made)
    tick_checkbox(acme, made, issue, ("### To revoke", "Delete"), by="root")

    assert acme.github.calls.count(DELETED) == 1
    assert states(acme, made) == [DeletionState.DELETED]
    assert "was deleted on" in issue.comments[-1].body
    assert [each for each in waiting(acme.redis) if each.startswith("check-branch")]
    acme.check(made, recheck=True)
    run_job(acme.context, VerifyDeletions(acme.id, RepositoryId(made.id)))
    assert states(acme, made) == [DeletionState.VERIFIED]
    assert issue.comments[-1].body.endswith("at the wish of <code>&#64;root</code>, is not there any more.")
    run_job(acme.context, VerifyDeletions(acme.id, RepositoryId(made.id)))
    assert len(issue.comments) == 2


def test_the_same_name_coming_back_opens_the_finding_again(acme: AcmeInstallation) -> None:
    made = leftover(acme)
    issue = issue_of(acme, made)
    tick_checkbox(acme, made, issue, ("### To revoke", "Delete"), by="root")
    acme.check(made, recheck=True)
    run_job(acme.context, VerifyDeletions(acme.id, RepositoryId(made.id)))

    acme.github.clock.advance(hours=1)
    made.push({RELEASE_WORKFLOW_PATH: STORED_TOKEN})  # it is even used again
    made.secret("PYPI_TOKEN")
    acme.check(made, recheck=True)
    assert [each for each in findings(acme, made) if "although @root rejected it" in each and "exists again" in each]
    run_job(acme.context, VerifyDeletions(acme.id, RepositoryId(made.id)))
    assert states(acme, made) == [DeletionState.REAPPEARED]
    assert "is there again, though it was deleted" in issue.comments[-1].body
    assert [each for each in waiting(acme.redis) if each.startswith("review-access")]


def test_who_may_not_has_nothing_deleted(acme: AcmeInstallation) -> None:
    made = leftover(acme)
    issue = issue_of(acme, made)
    tick_checkbox(acme, made, issue, ("### To revoke", "Delete"), by="bob")
    assert DELETED not in acme.github.calls
    assert "Only who administers the repository" in issue.comments[-1].body
    assert "- [x] **Delete" not in (issue.body or "")
    assert states(acme, made) == []


def test_another_value_of_the_secret_is_not_deleted_by_the_old_box(acme: AcmeInstallation) -> None:
    made = leftover(acme)
    issue = issue_of(acme, made)
    made.secret("PYPI_TOKEN")  # rotated since
    tick_checkbox(acme, made, issue, ("### To revoke", "Delete"), by="root")
    assert DELETED not in acme.github.calls
    assert "no longer as it was when the box was offered" in issue.comments[-1].body


def test_an_outage_in_the_middle_is_made_good(acme: AcmeInstallation) -> None:
    made = leftover(acme)
    issue = issue_of(acme, made)
    acme.github.inject_fault(Fault.BAD_GATEWAY, "/actions/secrets/PYPI_TOKEN", method="DELETE")
    with pytest.raises(Exception, match="answered 502"):
        tick_checkbox(acme, made, issue, ("### To revoke", "Delete"), by="root")
    assert states(acme, made) == [DeletionState.REQUESTED]
    issue.body = (issue.body or "").replace("[x]", "[ ]")
    tick_checkbox(acme, made, issue, ("### To revoke", "Delete"), by="root")
    assert states(acme, made) == [DeletionState.DELETED]
    assert len(issue.comments) == 1


def test_a_deletion_that_is_done_once_more_says_nothing_else(acme: AcmeInstallation) -> None:
    made = leftover(acme)
    issue = issue_of(acme, made)
    tick_checkbox(acme, made, issue, ("### To revoke", "Delete"), by="root")
    issue.body = (issue.body or "").replace("[x]", "[ ]")
    tick_checkbox(acme, made, issue, ("### To revoke", "Delete"), by="root")
    assert acme.github.calls.count(DELETED) == 1
    assert states(acme, made) == [DeletionState.DELETED]
    assert len(issue.comments) == 1


def test_where_the_permission_was_taken_away_it_is_said(acme: AcmeInstallation) -> None:
    made = leftover(acme)
    issue = issue_of(acme, made)
    acme.github.revoke_permissions(acme.installation, "secrets")
    acme.redis.delete(f"wharfinger:write-permissions:{acme.id}")
    tick_checkbox(acme, made, issue, ("### To revoke", "Delete"), by="root")
    assert DELETED not in acme.github.calls
    assert "was not granted" in issue.comments[-1].body
