"""A push that changes nothing on the publish path: its check run costs one call, and no edit can hide behind that."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from redis import Redis

from handlers.events.event_table import jobs_for_event
from handlers.jobs.carry_verdict import touches_publishing
from handlers.jobs.job_table import run_job
from handlers.queue.enqueue import enqueue
from handlers.queue.job_spec import JobSpec
from handlers.queue.job_specs import CheckBranch, SweepInstallation
from tests.app.acme import (
    CREATE_TOKEN,
    RELEASE_WORKFLOW_PATH,
    STORED_TOKEN,
    TRUSTED_PUBLISHING,
    WITHOUT_PUBLICATION,
    acme_on,
    adopt_policy,
    policy,
)
from tests.fakes.github.activity import code
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.state.git import FakeCommit
from tests.handlers.jobs.changes.push_scenario import PushScenario

CREATE_RUN = "POST /repos/{owner}/{repo}/check-runs"
MAIN = "refs/heads/main"


@pytest.fixture
def story(redis: Redis) -> Iterator[PushScenario]:
    with acme_on(redis, policy=policy("enforce")) as acme:
        yield PushScenario(acme, redis)


def publishing(story: PushScenario, workflow: str = TRUSTED_PUBLISHING) -> ScenarioRepository:
    """A repository whose default branch was evaluated."""
    widgets = story.repository("widgets", {RELEASE_WORKFLOW_PATH: workflow, "README.md": "one"})
    story.acme.add_environment(widgets, "pypi")
    story.work_until_idle()
    story.acme.check(widgets)
    return widgets


def calls_for(story: PushScenario, act: Callable[[], object]) -> list[str]:
    """What is asked of GitHub for all events that something leads to."""
    act()
    before = len(story.acme.github.calls)
    story.work_until_idle()
    return [call for call in story.acme.github.calls[before:] if call != CREATE_TOKEN]


@pytest.mark.parametrize("workflow", [TRUSTED_PUBLISHING, WITHOUT_PUBLICATION])
def test_a_push_beside_the_publish_path_costs_one_call(story: PushScenario, workflow: str) -> None:
    widgets = publishing(story, workflow)
    evaluated = widgets.head
    expected = story.run(widgets, evaluated)
    for text in ("two", "three"):
        assert calls_for(story, partial(widgets.push, {"README.md": text}, by="alice")) == [CREATE_RUN]
        (run,) = widgets.check_runs(widgets.head, "publishing")
        assert (run.status, run.conclusion) == ("completed", expected.conclusion)
        assert f"Nothing on the publish path changed · main: {expected.title}" == run.title
        assert evaluated[:7] in (run.summary or "")


def test_a_failure_stays_one_on_the_default_branch_and_is_gray_beside_it(story: PushScenario) -> None:
    widgets = publishing(story, STORED_TOKEN)
    assert story.run(widgets, widgets.head).conclusion == "failure"
    calls_for(story, lambda: widgets.push({"README.md": "two"}, by="alice"))
    assert story.run(widgets, widgets.head).conclusion == "failure"

    first = widgets.push({"README.md": "x"}, branch="docs", by="alice")
    story.work_until_idle()  # a new branch: its payload proves nothing
    assert story.run(widgets, first).conclusion == "neutral"
    assert calls_for(story, lambda: widgets.push({"README.md": "y"}, branch="docs", by="alice")) == [CREATE_RUN]
    assert story.run(widgets, widgets.state.branches()["docs"]).conclusion == "neutral"


def merge_that_reverts(story: PushScenario, widgets: ScenarioRepository) -> str:
    """A merge whose tree is that of its first parent: an old commit of a branch. Its list of files names only README.md."""
    objects, alice = widgets.state.objects, story.acme.github.world.account("alice")
    side = code.commit(story.acme.github.world, widgets.state, {"README.md": b"side"}, "side", alice, widgets.head)
    widgets.push({RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING}, by="alice")
    story.work_until_idle()
    merged = replace(objects.commits[side], parents=(side, widgets.head), message="Merge")
    return objects.write_commit(merged)


def test_a_merge_commit_hides_no_edit(story: PushScenario) -> None:
    widgets = publishing(story, STORED_TOKEN)
    story.acme.github.clock.advance(minutes=1)
    evil = merge_that_reverts(story, widgets)
    assert story.run(widgets, widgets.head).conclusion == "success"
    code.update_ref(story.acme.github.world, widgets.state, MAIN, evil, story.acme.github.world.account("alice"))
    story.work_until_idle()
    assert story.run(widgets, evil).conclusion == "failure"


def test_a_forced_push_hides_no_edit(story: PushScenario) -> None:
    widgets = publishing(story, STORED_TOKEN)
    old = widgets.head
    widgets.push({RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING}, by="alice")
    story.work_until_idle()
    forced = widgets.push({"README.md": "back"}, parent=old, by="alice")
    story.work_until_idle()
    assert story.run(widgets, forced).conclusion == "failure"


@pytest.mark.parametrize("cut", ["paths", "commits"])
def test_a_long_push_hides_no_edit(story: PushScenario, cut: str) -> None:
    widgets = publishing(story)
    alice, world = story.acme.github.world.account("alice"), story.acme.github.world
    head = widgets.head
    edits: list[dict[str, bytes]] = [{RELEASE_WORKFLOW_PATH: STORED_TOKEN.encode()}]
    if cut == "paths":
        edits[0] |= {f"docs/{number}.md": b"x" for number in range(150)}
    else:
        edits += [{f"docs/{number}.md": b"x"} for number in range(30)]
    for files in edits:
        head = code.commit(world, widgets.state, files, "more", alice, head)
    code.update_ref(world, widgets.state, MAIN, head, alice)
    story.work_until_idle()
    assert story.run(widgets, head).conclusion == "failure"


def test_a_rename_and_another_case_hide_no_edit(story: PushScenario) -> None:
    widgets = publishing(story)
    moved = widgets.push({RELEASE_WORKFLOW_PATH: None, ".github/workflows/Other.yml": STORED_TOKEN}, by="alice")
    story.work_until_idle()
    assert story.run(widgets, moved).conclusion == "failure"


@pytest.mark.parametrize(
    "path",
    [
        ".github",  # a link or a submodule where the folder was
        ".GitHub/Workflows/x.yml",
        "Scripts/Publish.SH",
        "scripts",
        "scripts/publish.sh/x",
        "CODEOWNERS",
        "docs",
        "deep/action.yml",
        "packages/a/package.json",
    ],
)
def test_what_can_matter_is_recognized(path: str) -> None:
    assert touches_publishing([path], ["scripts/publish.sh"])
    assert not touches_publishing(["README.md", "src/a.py", "scripts/other.sh", "docs/x.md"], ["scripts/publish.sh"])


def test_a_commit_that_git_would_make_but_another_account_wrote_is_looked_at(story: PushScenario) -> None:
    widgets = publishing(story)
    act = lambda: widgets.push({"README.md": "two"}, by="alice", author="dependabot[bot]")  # noqa: E731 - one act
    assert calls_for(story, act)[0] == "POST /graphql"


def test_backdated_commits_are_looked_at(story: PushScenario) -> None:
    widgets = publishing(story)
    objects, alice = widgets.state.objects, story.acme.github.world.account("alice")
    parent = objects.commits[widgets.head]
    entries = dict(objects.files(parent.tree))
    old = FakeCommit(
        objects.write_tree(entries | {"x.md": next(iter(entries.values()))}),
        (widgets.head,),
        code.person(alice),
        code.person(alice),
        parent.committed_at - timedelta(days=30).total_seconds(),
        "old",
        verified=False,
    )
    sha = objects.write_commit(old)
    act = lambda: code.update_ref(story.acme.github.world, widgets.state, MAIN, sha, alice)  # noqa: E731 - one act
    assert calls_for(story, act)[0] == "POST /graphql"


def test_another_policy_ends_what_is_carried(story: PushScenario) -> None:
    widgets = publishing(story, STORED_TOKEN)
    assert story.run(widgets, widgets.head).conclusion == "failure"
    adopt_policy(story.acme.github.repository("acme/.github"), policy("observe"))
    readme = widgets.push({"README.md": "two"}, by="alice")
    story.work_until_idle()
    assert story.run(widgets, readme).conclusion == "neutral"


def test_a_setting_that_changed_is_looked_at_first(story: PushScenario) -> None:
    widgets = publishing(story)
    names = story.acme.names(widgets)
    for waiting in (CheckBranch(*names), SweepInstallation(story.acme.id)):
        sha = widgets.push({"README.md": str(waiting)}, by="alice")
        (push,) = (each for each in _jobs_of(story, sha) if each.job == "check-push")
        enqueue(story.redis, [waiting])
        before = len(story.acme.github.calls)
        run_job(story.acme.context, push)
        assert story.acme.github.calls[before] == "POST /graphql"
        story.work_until_idle()


def test_a_verdict_is_carried_for_a_day_and_no_longer(story: PushScenario) -> None:
    widgets = publishing(story)
    sha = widgets.push({"README.md": "two"}, by="alice")
    (push,) = (each for each in _jobs_of(story, sha) if each.job == "check-push")
    for key in story.redis.scan_iter("wharfinger:judged:*"):
        assert 0 < story.redis.ttl(key) <= timedelta(days=1).total_seconds()
    tomorrow = story.acme.context.clock() + timedelta(days=1)
    later = replace(story.acme.context, clock=lambda: tomorrow)
    before = len(story.acme.github.calls)
    run_job(later, push)
    assert story.acme.github.calls[before] == "POST /graphql"


def test_a_second_try_finds_the_check_run_of_the_first(story: PushScenario) -> None:
    widgets = publishing(story)
    sha = widgets.push({"README.md": "two"}, by="alice")
    jobs = _jobs_of(story, sha)
    run_job(story.acme.context, jobs[0])
    story.redis.delete(*(key for key in story.redis.scan_iter(f"wharfinger:judged:*:{sha}") if b"begun" not in key))
    for job in jobs:  # the worker was killed after it wrote
        run_job(story.acme.context, job)
    assert len(widgets.check_runs(sha, "publishing")) == 1


def test_a_person_who_asks_gets_an_evaluation_of_the_commit_itself(story: PushScenario) -> None:
    widgets = publishing(story)
    sha = widgets.push({"README.md": "two"}, by="alice")
    story.work_until_idle()
    run = story.acme.check(widgets, sha, recheck=True)
    assert run.title == "All 3 rules passed"
    assert len(widgets.check_runs(sha, "publishing")) == 1


def _jobs_of(story: PushScenario, sha: str) -> list[JobSpec]:
    """The jobs of the push of a commit."""
    pushed = (json.loads(each.body) for each in story.acme.github.deliveries if each.event == "push")
    return [job for payload in pushed if payload["after"] == sha for job in jobs_for_event("push", payload).jobs]
