"""Holds that no reader takes the part that GitHub did not answer for something that is not there."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import pytest
from redis import Redis

from bot.github import deployments, git_data
from bot.github.client import ReadOnlyClient
from bot.model.core_types import FullName, Sha
from bot.model.errors import WharfingerError
from tests.app.acme import RELEASE_WORKFLOW_PATH, AcmeInstallation
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.handlers.jobs.gate.gate_scenario import deployment_waiting, gate_scenario
from tests.known_defects.partial import FORBIDDEN, INTERNAL, RESOURCES, Fault, answered_in_part

HERE = FullName("acme/widgets")
Story = tuple[AcmeInstallation, ScenarioRepository]


@pytest.fixture
def story(redis: Redis) -> Iterator[Story]:
    """Open the story: v1 left, a pull request was merged, and v2 waits at the gate."""
    with gate_scenario(redis, gate="{independent-approval: off}") as (acme, widgets):
        first = deployment_waiting(acme, widgets)
        assert first.decide() == "approved"
        first.approve()
        widgets.merge(widgets.pull_request({"README.md": "news"}).number)
        deployment_waiting(acme, widgets, ref="v2")
        yield acme, widgets


@dataclass(frozen=True)
class Reader:
    """A question, the part of its answer that GitHub gives up on, and who is misled."""

    part: Sequence[str]
    ask: Callable[[ReadOnlyClient, Sha], object]  # Sha: of the newest commit
    misled: str


def previous(line: ReadOnlyClient, head: Sha) -> datetime | None:
    return deployments.read_last_deployment(line, HERE, "pypi", head)


def tags_named_v2(line: ReadOnlyClient, _: Sha) -> object:
    return deployments.read_refs(line, HERE, "v2").matches


def merged(line: ReadOnlyClient, head: Sha) -> object:
    return git_data.read_merged_commits(line, HERE, [head])


def tag(line: ReadOnlyClient, _: Sha) -> object:
    return git_data.find_tag(line, HERE, ["v2"])


def workflow(line: ReadOnlyClient, head: Sha) -> object:
    return git_data.read_object_ids(line, HERE, [RELEASE_WORKFLOW_PATH], head)[0]


READERS = {
    "what left before": Reader(["repository", "deployments"], previous, "release-interval takes it that nothing left before"),
    "a tag by its name": Reader(["repository", "tag"], tags_named_v2, "protected-ref takes it that the tag is gone"),
    "merged commits": Reader(["repository", "c0"], merged, "the alert takes it that a commit came without a pull request"),
    "a version's tag": Reader(["repository", "t0"], tag, "traceable-versions takes it that the version has no tag"),
    "a file at a commit": Reader(["repository", "p0c0"], workflow, "release-authority takes it that the file is not there"),
}  # fmt: skip


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_what_is_there_is_read(story: Story, reader: Reader) -> None:
    acme, widgets = story

    assert reader.ask(acme.client.installation(acme.id), Sha(widgets.head))


def cases() -> Iterator[object]:
    for name, reader in READERS.items():
        yield pytest.param(reader, FORBIDDEN, id=f"{name}, {FORBIDDEN.type}")
        mark = pytest.mark.xfail(strict=True, reason=f"verdicts: where GitHub answers in part, {reader.misled}")
        for fault in (RESOURCES, INTERNAL):
            yield pytest.param(reader, fault, id=f"{name}, {fault.type}", marks=mark)


@pytest.mark.parametrize(("reader", "fault"), list(cases()))
def test_what_was_not_answered_is_not_read(story: Story, reader: Reader, fault: Fault) -> None:
    acme, widgets = story
    with answered_in_part(fault, reader.part), pytest.raises(WharfingerError):
        reader.ask(acme.client.installation(acme.id), Sha(widgets.head))
