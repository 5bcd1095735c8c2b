"""What a worker does for a commit, from GitHub's words to GitHub's words: the check run that people see."""

from collections.abc import Iterator
from html import unescape

import pytest
from redis import Redis

from bot.model.core_types import FullName, RepositoryId
from handlers.jobs.job_table import run_job
from handlers.queue.job_specs import CheckBranch, CheckCommit, ForgetInstallation
from handlers.records.report_store import ReportStore
from tests.app.acme import (
    CREATE_TOKEN,
    RELEASE_WORKFLOW_PATH,
    STORED_TOKEN,
    TRUSTED_PUBLISHING,
    WITHOUT_PUBLICATION,
    AcmeInstallation,
    acme_on,
    policy,
)
from tests.fakes.github.state.checks import FakeCheckRun

ENFORCE = policy("enforce")


@pytest.fixture
def acme(redis: Redis) -> Iterator[AcmeInstallation]:
    with acme_on(redis, policy=policy()) as acme:
        yield acme


def check_run_outcome(run: FakeCheckRun) -> tuple[str, str | None, str | None]:
    return run.status, run.conclusion, run.title


def test_a_stored_token_is_named_on_its_line_and_stops_nothing_yet(acme: AcmeInstallation) -> None:
    widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
    acme.add_environment(widgets, "pypi")
    run = acme.check(widgets)
    assert check_run_outcome(run) == (
        "completed",
        "neutral",
        "1 of 3 rules failed: trusted-publishing",
    )
    (note,) = run.annotations
    assert (note["path"], note["start_line"], note["annotation_level"]) == (RELEASE_WORKFLOW_PATH, 7, "warning")
    assert "publishes to PyPI with the stored secret PYPI_TOKEN" in note["message"]
    assert [action["label"] for action in run.actions] == ["Re-check"]
    assert "on push" in (run.text or "")


def test_what_is_as_it_should_be_is_green(acme: AcmeInstallation) -> None:
    widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})
    acme.add_environment(widgets, "pypi")
    assert check_run_outcome(acme.check(widgets)) == ("completed", "success", "All 3 rules passed")


def test_a_check_run_takes_four_calls_and_a_repeat_one(acme: AcmeInstallation) -> None:
    widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})
    acme.add_environment(widgets, "pypi")
    acme.check(widgets)
    sha = widgets.push({"README.md": "news", ".github/workflows/more.yml": WITHOUT_PUBLICATION})
    before = len(acme.github.calls)
    run = acme.check(widgets, sha)
    assert acme.github.calls[before:] == [
        "POST /graphql",
        "POST /repos/{owner}/{repo}/check-runs",
        "GET /repos/{owner}/{repo}/git/trees/{tree_sha}",  # which packages it publishes; on the default branch
        "PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}",
    ]
    assert acme.github.count(CREATE_TOKEN) == 1
    before = len(acme.github.calls)
    assert acme.check(widgets, sha) is run
    assert acme.github.calls[before:] == ["POST /graphql"]


@pytest.mark.parametrize("recheck", [False, True])
def test_done_again_it_writes_nothing(acme: AcmeInstallation, *, recheck: bool) -> None:
    widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
    run = acme.check(widgets)
    writes = run.write_count
    assert acme.check(widgets, recheck=recheck) is run
    assert run.write_count == writes
    assert len(widgets.check_runs(widgets.head)) == 1


def test_an_enforced_policy_of_the_organization_fails_the_check(acme: AcmeInstallation) -> None:
    acme.organization.repository(".github-private", {"publishing.yml": ENFORCE})
    widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
    run = acme.check(widgets)
    assert run.conclusion == "failure"
    assert {note["annotation_level"] for note in run.annotations} == {"failure"}


def test_the_private_policy_wins_over_the_public_one(acme: AcmeInstallation) -> None:
    acme.github.repository("acme/.github").push({"publishing.yml": ENFORCE})
    widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
    acme.organization.repository(".github-private", {"publishing.yml": policy()})
    assert acme.check(widgets).conclusion == "neutral"


def test_an_environment_that_is_not_there_is_a_finding(acme: AcmeInstallation) -> None:
    widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})
    run = acme.check(widgets)
    assert (run.conclusion, run.title) == ("neutral", "1 of 3 rules failed: protected-environment")
    acme.add_environment(widgets, "pypi")
    assert acme.check(widgets, recheck=True).conclusion == "success"


def test_what_a_permission_hides_is_not_green_and_the_permission_is_named(redis: Redis) -> None:
    with acme_on(redis, without=("actions",), policy=policy()) as acme:
        widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})
        acme.add_environment(widgets, "pypi")
        run = acme.check(widgets)
        assert (run.conclusion, run.title) == ("neutral", "2 of 3 rules passed; unknown: protected-environment")
        assert "actions: read" in unescape(run.summary or "")


@pytest.mark.parametrize("permission", ["contents", "checks"])
def test_without_a_permission_it_cannot_do_without_the_job_ends_quietly(
    redis: Redis, permission: str, caplog: pytest.LogCaptureFixture
) -> None:
    with acme_on(redis, without=(permission,), policy=policy()) as acme:
        widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})
        run_job(acme.context, CheckCommit(*acme.names(widgets), widgets.head))
        assert widgets.check_runs(widgets.head) == []
        assert "acme/widgets is not checked: GitHub does not let the App" in caplog.text
        assert f"grant the App {permission}: " in caplog.text


def test_where_nothing_is_published_two_reads_less_are_made(acme: AcmeInstallation) -> None:
    widgets = acme.organization.repository("widgets", {".github/workflows/test.yml": WITHOUT_PUBLICATION})
    run = acme.check(widgets)
    assert check_run_outcome(run) == ("completed", "neutral", "Nothing is published from here")
    assert acme.github.count("GET /repos/{owner}/{repo}/environments") == 0


def test_a_repository_without_workflows_and_one_without_commits(acme: AcmeInstallation) -> None:
    widgets = acme.organization.repository("widgets")
    assert acme.check(widgets).title == "Nothing is published from here"
    run_job(acme.context, CheckCommit(*acme.names(widgets), "f" * 40))
    run_job(acme.context, CheckBranch(acme.id, RepositoryId(4711), FullName("acme/gone")))
    assert acme.github.count("POST /repos/{owner}/{repo}/check-runs") == 1


def test_what_a_workflow_uses_is_followed_and_remembered(acme: AcmeInstallation) -> None:
    action = (
        "runs: {using: composite, steps: [{uses: pypa/gh-action-pypi-publish@release/v1, "
        "with: {password: '${{ inputs.token }}'}}]}\ninputs: {token: {}}\n"
    )
    workflow = (
        "on: push\njobs: {ship: {runs-on: ubuntu-latest, steps: "
        "[{uses: ./.github/actions/ship, with: {token: '${{ secrets.PYPI_TOKEN }}'}}]}}\n"
    )
    widgets = acme.organization.repository(
        "widgets", {RELEASE_WORKFLOW_PATH: workflow, ".github/actions/ship/action.yml": action}
    )
    assert "trusted-publishing" in str(acme.check(widgets).title)
    assert acme.github.count("POST /graphql") == 2
    sha = widgets.push({RELEASE_WORKFLOW_PATH: workflow + "# news\n"})
    assert "trusted-publishing" in str(acme.check(widgets, sha).title)
    assert acme.github.count("POST /graphql") == 3


def test_an_unreadable_workflow_is_never_clean(acme: AcmeInstallation) -> None:
    for name, content, reason in (
        ("broken", "jobs: [", "this is not YAML"),
        ("large", "# " + "x" * 2_000_000, "split it"),
        ("latin", b"name: caf\xe9\n", "UTF-8"),
        ("cut", 'a: "\ud7ff\x00"', "NUL byte"),
    ):
        repository = acme.organization.repository(name, {RELEASE_WORKFLOW_PATH: content})
        run = acme.check(repository)
        assert run.conclusion == "neutral", name
        assert "unknown:" in str(run.title), name
        assert reason in unescape(run.summary or ""), name


def test_where_the_default_branch_stands_is_kept_for_the_pages(acme: AcmeInstallation) -> None:
    widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
    acme.check(widgets)
    standing = ReportStore(acme.records).get(RepositoryId(widgets.id))
    assert standing is not None
    assert (standing.repository, standing.commit, standing.conclusion) == ("acme/widgets", widgets.head, "neutral")
    assert [each["registry"] for each in standing.report["publications"]] == ["pypi"]  # type: ignore[attr-defined]  # JSON
    assert [each.id for each in ReportStore(acme.records).all(acme.id)] == [widgets.id]
    run_job(acme.context, ForgetInstallation(acme.id))
    assert ReportStore(acme.records).get(RepositoryId(widgets.id)) is None


def test_an_archived_repository_takes_no_check_run(acme: AcmeInstallation) -> None:
    widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
    widgets.state.archived = True
    run_job(acme.context, CheckBranch(*acme.names(widgets)))
    assert widgets.check_runs(widgets.head) == []


def test_a_release_is_checked_at_the_commit_of_its_tag(acme: AcmeInstallation) -> None:
    widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
    sha = widgets.head
    widgets.push({"README.md": "later"})
    for tag, message in (("v1", None), ("v2", "annotated")):
        widgets.tag(tag, sha, message=message)
        run_job(acme.context, CheckCommit(*acme.names(widgets), f"refs/tags/{tag}"))
    assert len(widgets.check_runs(sha)) == 1
