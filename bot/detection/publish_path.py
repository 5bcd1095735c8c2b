"""The publish path as values: the jobs that publish, and those that call, feed, inform or gate them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from bot.detection.publication import Publication
from bot.model.findings import Unseen
from bot.workflows import Action, Job, Permissions, Step, Text, Workflow
from bot.workflows.graph import level
from bot.workflows.workflow import Level

JobKey: TypeAlias = tuple[str, str]  # the workflow's path, the job's id


class Part(StrEnum):
    """How a job takes part in a publication, the nearest first."""

    PUBLISHES = "publishes"
    CALLS = "calls"  # the workflow that publishes
    FEEDS = "feeds"  # an artifact of its own is handed on
    INFORMS = "informs"  # an output of its own is used
    GATES = "gates"  # it is needed, and nothing of it is handed on


@dataclass(frozen=True, slots=True)
class PathStep:
    """One step with the file that it stands in, and every condition that it runs under, those of calling steps first."""

    file: str
    step: Step
    conditions: tuple[Text, ...] = ()
    action: Action | None = None  # the local action that it stands in


@dataclass(frozen=True, slots=True)
class PathJob:
    """One job on the way of some publications: its steps with local actions opened, and what its token may do."""

    workflow: Workflow
    job: Job
    part: Part
    publications: tuple[Publication, ...]  # that it takes part in
    steps: tuple[PathStep, ...]
    grants: tuple[Permissions | None, ...]  # one for each way in which it is started
    sending: Mapping[tuple[str, int], PathStep]  # the steps that publish, by file and line

    def level(self, scope: str) -> Level | None:
        """Give the most that the token may do; None where only the repository's default says it."""
        levels = [level(permissions, scope) for permissions in self.grants]
        return next((each for each in ("write", None, "read") if each in levels), "none")

    @property
    def key(self) -> JobKey:
        return self.workflow.path, self.job.id

    def publishes(self, step: PathStep) -> bool:
        """Whether this very step is one of the publications."""
        return (step.file, step.step.line) in self.sending

    def step_of(self, publication: Publication) -> PathStep | None:
        """Give the step that makes a publication; None when it is the job's call of a workflow that we cannot follow."""
        return self.sending.get((publication.file, publication.line))


@dataclass(frozen=True, slots=True)
class Start:
    """A workflow that an event starts, and the calling jobs from there to the publication, outermost first."""

    workflow: Workflow
    calls: tuple[tuple[Workflow, Job], ...] = ()  # each calling job with the workflow that it stands in


@dataclass(frozen=True, slots=True)
class PublishPath:
    """Everything that can influence some publications, as far as the repository's files show it."""

    jobs: tuple[PathJob, ...]
    starts: Mapping[JobKey, tuple[Start, ...]]  # of each publishing job
    unseen: tuple[Unseen, ...] = ()  # what was too far to follow

    @property
    def publishing(self) -> tuple[PathJob, ...]:
        """The jobs that hold publications."""
        return tuple(job for job in self.jobs if job.part is Part.PUBLISHES)
