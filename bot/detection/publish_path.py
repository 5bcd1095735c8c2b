"""The publish path as values: the jobs that publish, and those that call, feed, inform or gate them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from bot.detection.publication import Publication
from bot.model.findings import Unknown
from bot.workflows import Action, Job, Permissions, SourceText, Step, Workflow
from bot.workflows.graph import permission_level
from bot.workflows.workflow import PermissionLevel

JobKey: TypeAlias = tuple[str, str]  # the workflow's path, the job's id


class PathRole(StrEnum):
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
    conditions: tuple[SourceText, ...] = ()
    action: Action | None = None  # the local action that it stands in


@dataclass(frozen=True, slots=True)
class PathJob:
    """One job on the way of some publications: its steps with local actions opened, and what its token may do."""

    workflow: Workflow
    job: Job
    role: PathRole
    publications: tuple[Publication, ...]  # that it takes part in
    steps: tuple[PathStep, ...]
    granted_permissions: tuple[Permissions | None, ...]  # one for each way in which it is started
    publish_steps: Mapping[tuple[str, int], PathStep]  # the steps that publish, by file and line

    def level(self, scope: str) -> PermissionLevel | None:
        """Give the most that the token may do; None where only the repository's default says it."""
        levels = [permission_level(permissions, scope) for permissions in self.granted_permissions]
        return next((each for each in ("write", None, "read") if each in levels), "none")

    @property
    def key(self) -> JobKey:
        return self.workflow.path, self.job.id

    def publishes(self, step: PathStep) -> bool:
        """Whether this very step is one of the publications."""
        return (step.file, step.step.line) in self.publish_steps

    def step_of(self, publication: Publication) -> PathStep | None:
        """Give the step that makes a publication; None when it is the job's call of a workflow that we cannot follow."""
        return self.publish_steps.get((publication.file, publication.line))


@dataclass(frozen=True, slots=True)
class PathStart:
    """A workflow that an event starts, and the calling jobs from there to the publication, outermost first."""

    workflow: Workflow
    calls: tuple[tuple[Workflow, Job], ...] = ()  # each calling job with the workflow that it stands in


@dataclass(frozen=True, slots=True)
class PublishPath:
    """Everything that can influence some publications, as far as the repository's files show it."""

    jobs: tuple[PathJob, ...]
    starts: Mapping[JobKey, tuple[PathStart, ...]]  # of each publishing job
    unknown: tuple[Unknown, ...] = ()  # what was too far to follow

    @property
    def publishing(self) -> tuple[PathJob, ...]:
        """The jobs that hold publications."""
        return tuple(job for job in self.jobs if job.role is PathRole.PUBLISHES)
