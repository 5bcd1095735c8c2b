"""What a worker does for a commit, from GitHub's words to GitHub's words: the check run that people see."""

from collections.abc import Iterator
from html import unescape

import pytest
from redis import Redis

from bot.model.core_types import RepositoryId
from handlers.jobs.job_table import JOBS
from handlers.records.report_store import Standings
from tests.app.acme import MINTED, NOTHING, RELEASE, STORED_TOKEN, TRUSTED, Acme, acme_on, policy
from tests.fakes.github.state.checks import CheckRun

ENFORCE = policy("enforce")


@pytest.fixture
def acme(redis: Redis) -> Iterator[Acme]:
    with acme_on(redis, policy=policy()) as acme:
        yield acme


def said(run: CheckRun) -> tuple[str, str | None, str | None]:
    return run.status, run.conclusion, run.title


def test_a_stored_token_is_named_on_its_line_and_stops_nothing_yet(acme: Acme) -> None:
    widgets = acme.organisation.repository("widgets", {RELEASE: STORED_TOKEN})
    acme.protect(widgets, "pypi")
    run = acme.check(widgets)
    assert said(run) == (
        "completed",
        "neutral",
        "2 of 3 rules hold; trusted-publishing does not",
    )
    (note,) = run.annotations
    assert (note["path"], note["start_line"], note["annotation_level"]) == (RELEASE, 7, "warning")
    assert "publishes to PyPI with the stored secret PYPI_TOKEN" in note["message"]
    assert [action["label"] for action in run.actions] == ["Re-check"]
    assert "on push" in (run.text or "")


def test_what_is_as_it_should_be_is_green(acme: Acme) -> None:
    widgets = acme.organisation.repository("widgets", {RELEASE: TRUSTED})
    acme.protect(widgets, "pypi")
    assert said(acme.check(widgets)) == ("completed", "success", "All 3 rules hold")


def test_a_check_run_takes_five_calls_and_a_repeat_one(acme: Acme) -> None:
    widgets = acme.organisation.repository("widgets", {RELEASE: TRUSTED})
    acme.protect(widgets, "pypi")
    acme.check(widgets)
    sha = widgets.push({"README.md": "news", ".github/workflows/more.yml": NOTHING})
    before = len(acme.github.calls)
    run = acme.check(widgets, sha)
    assert acme.github.calls[before:] == [
        "POST /graphql",
        "POST /repos/{owner}/{repo}/check-runs",
        "GET /repos/{owner}/{repo}/environments",
        "GET /repos/{owner}/{repo}/git/trees/{tree_sha}",  # which packages it publishes; on the default branch
        "PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}",
    ]
    assert acme.github.count(MINTED) == 1
    before = len(acme.github.calls)
    assert acme.check(widgets, sha) is run
    assert acme.github.calls[before:] == ["POST /graphql"]


@pytest.mark.parametrize("job", ["check_commit", "recheck_commit"])
def test_done_again_it_writes_nothing(acme: Acme, job: str) -> None:
    widgets = acme.organisation.repository("widgets", {RELEASE: STORED_TOKEN})
    run = acme.check(widgets)
    writes = run.writes
    assert acme.check(widgets, job=job) is run
    assert run.writes == writes
    assert len(widgets.check_runs(widgets.head)) == 1


def test_an_enforced_policy_of_the_organisation_fails_the_check(acme: Acme) -> None:
    acme.organisation.repository(".github-private", {"publishing.yml": ENFORCE})
    widgets = acme.organisation.repository("widgets", {RELEASE: STORED_TOKEN})
    run = acme.check(widgets)
    assert run.conclusion == "failure"
    assert {note["annotation_level"] for note in run.annotations} == {"failure"}


def test_the_private_policy_wins_over_the_public_one(acme: Acme) -> None:
    acme.github.repository("acme/.github").push({"publishing.yml": ENFORCE})
    widgets = acme.organisation.repository("widgets", {RELEASE: STORED_TOKEN})
    assert acme.check(widgets).conclusion == "failure"
    acme.organisation.repository(".github-private", {"publishing.yml": policy()})
    assert acme.check(widgets, job="recheck_commit").conclusion == "neutral"


def test_an_environment_that_is_not_there_is_a_finding(acme: Acme) -> None:
    widgets = acme.organisation.repository("widgets", {RELEASE: TRUSTED})
    run = acme.check(widgets)
    assert (run.conclusion, run.title) == ("neutral", "2 of 3 rules hold; protected-environment does not")
    acme.protect(widgets, "pypi")
    assert acme.check(widgets, job="recheck_commit").conclusion == "success"


def test_what_a_permission_hides_is_not_green_and_the_permission_is_named(redis: Redis) -> None:
    with acme_on(redis, without=("actions",), policy=policy()) as acme:
        widgets = acme.organisation.repository("widgets", {RELEASE: TRUSTED})
        acme.protect(widgets, "pypi")
        run = acme.check(widgets)
        assert (run.conclusion, run.title) == ("neutral", "2 of 3 rules hold; protected-environment could not be seen")
        assert "actions: read" in unescape(run.summary or "")


@pytest.mark.parametrize("permission", ["contents", "checks"])
def test_without_a_permission_it_cannot_do_without_the_job_ends_quietly(
    redis: Redis, permission: str, caplog: pytest.LogCaptureFixture
) -> None:
    with acme_on(redis, without=(permission,), policy=policy()) as acme:
        widgets = acme.organisation.repository("widgets", {RELEASE: TRUSTED})
        JOBS["check_commit"](acme.context, acme.id, widgets.id, widgets.full_name, widgets.head)
        assert widgets.check_runs(widgets.head) == []
        assert "acme/widgets is not checked: GitHub does not let the App" in caplog.text
        assert f"grant the App {permission}: " in caplog.text


def test_where_nothing_is_published_two_reads_less_are_made(acme: Acme) -> None:
    widgets = acme.organisation.repository("widgets", {".github/workflows/test.yml": NOTHING})
    run = acme.check(widgets)
    assert said(run) == ("completed", "neutral", "Nothing is published from here")
    assert acme.github.count("GET /repos/{owner}/{repo}/environments") == 0


def test_a_repository_without_workflows_and_one_without_commits(acme: Acme) -> None:
    widgets = acme.organisation.repository("widgets")
    assert acme.check(widgets).title == "Nothing is published from here"
    JOBS["check_commit"](acme.context, acme.id, widgets.id, widgets.full_name, "f" * 40)
    JOBS["check_branch"](acme.context, acme.id, 4711, "acme/gone")
    assert acme.github.count("POST /repos/{owner}/{repo}/check-runs") == 1


def test_what_a_workflow_uses_is_followed_and_remembered(acme: Acme) -> None:
    action = (
        "runs: {using: composite, steps: [{uses: pypa/gh-action-pypi-publish@release/v1, "
        "with: {password: '${{ inputs.token }}'}}]}\ninputs: {token: {}}\n"
    )
    workflow = (
        "on: push\njobs: {ship: {runs-on: ubuntu-latest, steps: "
        "[{uses: ./.github/actions/ship, with: {token: '${{ secrets.PYPI_TOKEN }}'}}]}}\n"
    )
    widgets = acme.organisation.repository("widgets", {RELEASE: workflow, ".github/actions/ship/action.yml": action})
    assert "trusted-publishing" in str(acme.check(widgets).title)
    assert acme.github.count("POST /graphql") == 2
    sha = widgets.push({RELEASE: workflow + "# news\n"})
    assert "trusted-publishing" in str(acme.check(widgets, sha).title)
    assert acme.github.count("POST /graphql") == 3


def test_an_unreadable_workflow_is_never_clean(acme: Acme) -> None:
    for name, content, reason in (
        ("broken", "jobs: [", "this is not YAML"),
        ("large", "# " + "x" * 2_000_000, "split it"),
        ("latin", b"name: caf\xe9\n", "UTF-8"),
        ("cut", 'a: "\ud7ff\x00"', "NUL byte"),
    ):
        repository = acme.organisation.repository(name, {RELEASE: content})
        run = acme.check(repository)
        assert run.conclusion == "neutral", name
        assert "could not be seen" in str(run.title), name
        assert reason in unescape(run.summary or ""), name


def test_where_the_default_branch_stands_is_kept_for_the_pages(acme: Acme) -> None:
    widgets = acme.organisation.repository("widgets", {RELEASE: STORED_TOKEN})
    acme.check(widgets)
    standing = Standings(acme.redis).get(RepositoryId(widgets.id))
    assert standing is not None
    assert (standing.repository, standing.commit, standing.conclusion) == ("acme/widgets", widgets.head, "neutral")
    assert [each["registry"] for each in standing.report["publications"]] == ["pypi"]  # type: ignore[attr-defined]  # JSON
    assert [each.id for each in Standings(acme.redis).all(acme.id)] == [widgets.id]
    JOBS["forget_installation"](acme.context, acme.id)
    assert Standings(acme.redis).get(RepositoryId(widgets.id)) is None


def test_an_archived_repository_takes_no_check_run(acme: Acme) -> None:
    widgets = acme.organisation.repository("widgets", {RELEASE: STORED_TOKEN})
    widgets.state.archived = True
    JOBS["check_branch"](acme.context, acme.id, widgets.id, widgets.full_name)
    assert widgets.check_runs(widgets.head) == []


def test_a_release_is_checked_at_the_commit_of_its_tag(acme: Acme) -> None:
    widgets = acme.organisation.repository("widgets", {RELEASE: STORED_TOKEN})
    sha = widgets.head
    widgets.push({"README.md": "later"})
    for tag, message in (("v1", None), ("v2", "annotated")):
        widgets.tag(tag, sha, message=message)
        JOBS["check_commit"](acme.context, acme.id, widgets.id, widgets.full_name, f"refs/tags/{tag}")
    assert len(widgets.check_runs(sha)) == 1
