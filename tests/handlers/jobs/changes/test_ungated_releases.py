"""A run that publishes past the gate is told as it begins; what the gate is asked about, and what is as before, is not."""

from collections.abc import Iterator
from html import unescape

import pytest
from redis import Redis

from bot.model.core_types import FullName, RepositoryId
from handlers.events.event_table import jobs_for_event
from handlers.jobs.job_table import run_job
from handlers.queue.job_specs import JudgeRun
from tests.app.acme import RELEASE_WORKFLOW_PATH, TRUSTED_PUBLISHING
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.handlers.jobs.changes.push_scenario import PushScenario, push_scenario
from tests.handlers.jobs.gate.gate_scenario import TAG_RULESET

UNGATED = TRUSTED_PUBLISHING.replace("    environment: pypi\n", "")
DISPATCHED = UNGATED.replace("on: {push", "on: {workflow_dispatch: {}, push")
ONLY_FOR_TAGS = DISPATCHED.replace(
    "    needs: build\n", "    needs: build\n    if: startsWith(github.ref, 'refs/tags/')\n"
)
UNREAD_CALLEE = """\
on: {push: {tags: ["v*"]}}
jobs:
  publish:
    permissions: {id-token: write}
    uses: pypa/gh-action-pypi-publish/.github/workflows/publish.yml@v1
    secrets: {PYPI_TOKEN: "${{ secrets.PYPI_TOKEN }}"}
"""


@pytest.fixture
def story(redis: Redis) -> Iterator[PushScenario]:
    with push_scenario(redis, "enforce") as story:
        yield story


def tool_of(story: PushScenario, workflow: str) -> ScenarioRepository:
    """A repository with protected tags, whose workflow the App has looked at."""
    story.acme.organization.member("alice")
    tool = story.repository("tool", {RELEASE_WORKFLOW_PATH: workflow})
    tool.ruleset(TAG_RULESET)
    story.work_until_idle()
    return tool


def told(story: PushScenario) -> str:
    """Everything that the central repository says of ungated releases."""
    texts = (text for issue in story.security for text in (issue.body or "", *(each.body for each in issue.comments)))
    return "\n".join(unescape(text) for text in texts if "ungated-release" in text)


def test_a_release_by_hand_from_a_branch_is_told_before_it_can_have_published(story: PushScenario) -> None:
    tool = tool_of(story, DISPATCHED)
    tool.push({"setup.py": "evil"}, branch="tidy", by="mallory")
    tool.start_run(RELEASE_WORKFLOW_PATH, event="workflow_dispatch", ref="tidy", by="mallory")
    story.work_until_idle()

    assert "mallory started .github/workflows/release.yml by workflow" in told(story)
    assert "branch tidy is not protected" in told(story)
    assert "is not on the default branch main" in told(story)


def test_an_event_that_the_policy_does_not_allow_is_told(story: PushScenario) -> None:
    tool = tool_of(story, UNGATED.replace("on: {push", "on: {issue_comment: {}, push"))
    tool.start_run(RELEASE_WORKFLOW_PATH, event="issue_comment", by="mallory")
    story.work_until_idle()

    assert "the event issue" in told(story)


def test_a_run_that_is_heard_of_again_is_told_once(story: PushScenario) -> None:
    tool = tool_of(story, DISPATCHED)
    tool.push({"setup.py": "evil"}, branch="tidy", by="mallory")
    run = tool.start_run(RELEASE_WORKFLOW_PATH, event="workflow_dispatch", ref="tidy", by="mallory")
    story.work_until_idle()
    before = told(story)
    again = JudgeRun(story.acme.id, RepositoryId(tool.id), FullName(tool.full_name), run.id)
    run_job(story.acme.context, again)
    story.work_until_idle()

    assert before
    assert told(story) == before


def test_a_release_from_a_protected_tag_of_a_merged_commit_is_quiet(story: PushScenario) -> None:
    tool = tool_of(story, UNGATED)
    tool.push_tags("v1", by="alice")
    tool.start_run(RELEASE_WORKFLOW_PATH, ref="v1", by="alice")
    story.work_until_idle()

    assert story.security == []


def test_what_the_gate_is_asked_about_is_left_to_the_gate(story: PushScenario) -> None:
    tool = tool_of(story, TRUSTED_PUBLISHING.replace("on: {push", "on: {workflow_dispatch: {}, push"))
    tool.environment("pypi", gates=[story.acme.github.app])
    tool.push({"setup.py": "new"}, branch="tidy", by="alice")
    tool.start_run(RELEASE_WORKFLOW_PATH, event="workflow_dispatch", ref="tidy", by="alice")
    story.work_until_idle()

    assert told(story) == ""


def test_an_environment_that_lost_its_gate_is_as_none(story: PushScenario) -> None:
    tool = tool_of(story, TRUSTED_PUBLISHING.replace("on: {push", "on: {workflow_dispatch: {}, push"))
    tool.environment("pypi")
    tool.push({"setup.py": "evil"}, branch="tidy", by="mallory")
    tool.start_run(RELEASE_WORKFLOW_PATH, event="workflow_dispatch", ref="tidy", by="mallory")
    story.work_until_idle()

    assert "branch tidy is not protected" in told(story)


def test_a_run_whose_event_does_not_reach_the_publication_is_quiet(story: PushScenario) -> None:
    tool = tool_of(story, ONLY_FOR_TAGS)
    tool.push({"setup.py": "new"}, branch="tidy", by="alice")
    tool.start_run(RELEASE_WORKFLOW_PATH, event="workflow_dispatch", ref="tidy", by="alice")
    story.work_until_idle()

    assert told(story) == ""


def test_an_observed_condition_demands_nothing(redis: Redis) -> None:
    with push_scenario(redis, "observe") as story:
        tool = tool_of(story, DISPATCHED)
        tool.push({"setup.py": "new"}, branch="tidy", by="alice")
        tool.start_run(RELEASE_WORKFLOW_PATH, event="workflow_dispatch", ref="tidy", by="alice")
        story.work_until_idle()

        assert told(story) == ""


def test_a_called_workflow_that_cannot_be_read_is_no_contradiction(story: PushScenario) -> None:
    tool = tool_of(story, UNREAD_CALLEE)
    tool.push({"setup.py": "new"}, branch="tidy", by="alice")
    tool.start_run(RELEASE_WORKFLOW_PATH, ref="tidy", by="alice")
    story.work_until_idle()

    assert told(story) == ""


def test_a_pull_request_from_a_fork_is_not_judged_and_one_from_a_branch_is() -> None:
    def jobs(head: int) -> list[str]:
        run = {"id": 5, "event": "pull_request", "path": RELEASE_WORKFLOW_PATH, "head_repository": {"id": head}}
        place = {"installation": {"id": 7}, "repository": {"id": 31, "full_name": "acme/tool"}}
        return [
            each.job
            for each in jobs_for_event("workflow_run", {**place, "action": "requested", "workflow_run": run}).jobs
        ]

    assert (jobs(99), jobs(31)) == ([], ["judge-run"])
