"""Pull requests: what changes nothing is quick, what proposes a policy is held to it, and forks decide nothing."""

from collections.abc import Iterator
from html import unescape

import pytest
from redis import Redis

from tests.app.acme import (
    RELEASE_WORKFLOW_PATH,
    STORED_TOKEN,
    TRUSTED_PUBLISHING,
    AcmeInstallation,
    acme_on,
    adopt_policy,
    policy,
)
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.handlers.jobs.test_check_commit import ENFORCE


@pytest.fixture
def acme(redis: Redis) -> Iterator[AcmeInstallation]:
    with acme_on(redis, policy=policy()) as acme:
        yield acme


@pytest.fixture
def widgets(acme: AcmeInstallation) -> ScenarioRepository:
    """A repository whose default branch has been judged: it is red in an organization that enforces."""
    acme.organization.repository(".github-private", {"publishing.yml": ENFORCE})
    widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN, "README.md": "old"})
    acme.add_environment(widgets, "pypi")
    acme.check(widgets)
    return widgets


def test_a_change_elsewhere_is_answered_with_two_calls_and_not_blamed(
    acme: AcmeInstallation, widgets: ScenarioRepository
) -> None:
    sha = widgets.push({"README.md": "new"}, branch="docs")
    before = len(acme.github.calls)
    run = acme.check(widgets, sha)
    assert acme.github.calls[before:] == ["POST /graphql", "POST /repos/{owner}/{repo}/check-runs"]
    assert run.conclusion == "neutral"
    assert str(run.title).startswith("Nothing on the publish path changed · main: 1 of 3 rules failed")
    assert run.annotations == []
    assert acme.check(widgets, sha, recheck=True).conclusion == "failure"


def test_where_the_default_branch_is_green_a_change_elsewhere_is_too(acme: AcmeInstallation) -> None:
    widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})
    acme.add_environment(widgets, "pypi")
    acme.check(widgets)
    assert acme.check(widgets, widgets.push({"README.md": "new"}, branch="docs")).conclusion == "success"


def test_a_change_of_a_workflow_is_judged_however_long_ago_it_was_made(
    acme: AcmeInstallation, widgets: ScenarioRepository
) -> None:
    widgets.push({".github/workflows/other.yml": STORED_TOKEN}, branch="sly")
    sha = widgets.push({"README.md": "only words"}, branch="sly")
    run = acme.check(widgets, sha)
    assert run.conclusion == "failure"
    assert {note["path"] for note in run.annotations} == {RELEASE_WORKFLOW_PATH, ".github/workflows/other.yml"}


def test_a_new_policy_of_the_organization_leaves_no_old_answer(
    acme: AcmeInstallation, widgets: ScenarioRepository
) -> None:
    adopt_policy(acme.github.repository("acme/.github-private"), policy())
    run = acme.check(widgets, widgets.push({"README.md": "new"}, branch="docs"))
    assert run.title == "1 of 3 rules failed: trusted-publishing"
    assert run.conclusion == "neutral"


def test_a_fork_is_checked_here_and_its_policy_is_not_followed(
    acme: AcmeInstallation, widgets: ScenarioRepository
) -> None:
    fork = widgets.fork("mallory")
    loose = "version: 1\nmode: observe\nrules: {trusted-publishing: false}\n"
    pull = widgets.pull_request(
        {".github/publishing.yml": loose, RELEASE_WORKFLOW_PATH: STORED_TOKEN + "# new\n"}, fork=fork, by="mallory"
    )
    assert pull.pull is not None
    sha = pull.pull.head_sha
    run = acme.check(widgets, sha)
    assert run.conclusion == "failure"
    assert fork.check_runs(sha) == []


BROKEN = "version: 1\nrules:\n  trusted-publishin: {severity: low}\n"


def test_a_pull_request_that_breaks_the_policy_fails_on_its_line(acme: AcmeInstallation) -> None:
    widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})
    acme.add_environment(widgets, "pypi")
    acme.check(widgets)
    run = acme.check(widgets, widgets.push({".github/publishing.yml": BROKEN}, branch="policy"))
    assert run.conclusion == "failure"
    assert str(run.title).startswith(".github/publishing.yml is not a valid policy: there is no rule")
    assert (run.annotations[0]["path"], run.annotations[0]["start_line"]) == (".github/publishing.yml", 3)
    assert "did you mean" in run.annotations[0]["message"]


def test_a_broken_policy_of_the_organization_fails_there_and_the_last_valid_one_stays(acme: AcmeInstallation) -> None:
    policy = acme.organization.repository(".github-private", {"publishing.yml": ENFORCE})
    widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
    assert acme.check(widgets).conclusion == "failure"
    assert acme.check(policy).title == "Nothing is published from here"
    policy.push({"publishing.yml": BROKEN})
    assert str(acme.check(policy).title).startswith("publishing.yml is not a valid policy")
    run = acme.check(widgets, recheck=True)
    assert run.conclusion == "failure"
    assert "the last valid version of it stays in force" in unescape(str(run.summary))


def test_without_any_valid_policy_a_merge_has_to_wait(acme: AcmeInstallation) -> None:
    acme.organization.repository(".github-private", {"publishing.yml": BROKEN})
    widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})
    acme.add_environment(widgets, "pypi")
    run = acme.check(widgets)
    assert run.conclusion == "action_required"
    assert "no valid version of it is known" in unescape(str(run.summary))


def test_an_old_fault_in_the_policy_is_not_blamed_on_those_who_did_not_touch_it(acme: AcmeInstallation) -> None:
    widgets = acme.organization.repository(
        "widgets", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING, ".github/publishing.yml": BROKEN}
    )
    acme.add_environment(widgets, "pypi")
    assert acme.check(widgets).conclusion == "failure"
    run = acme.check(widgets, widgets.push({RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING + "# new\n"}, branch="other"))
    assert run.conclusion == "neutral"
    assert "is not valid" in unescape(str(run.summary))
