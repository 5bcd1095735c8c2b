"""Finds the jobs that publish and the triggers and jobs that can influence them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice
from typing import TypeAlias

from bot.detection.job_state import MAX_DEPTH
from bot.detection.publication import Publication
from bot.detection.steps import local_uses_path
from bot.model.core_types import RegistryId
from bot.model.findings import Unknown, join_names
from bot.registries import Registry
from bot.workflows import Action, Job, Permissions, SourceText, Step, Workflow
from bot.workflows.artifacts import UPLOAD_ACTIONS, ArtifactFlow, artifact_flows
from bot.workflows.graph import effective_permissions, permission_level, reusable_workflow_permissions, transitive_needs
from bot.workflows.workflow import PermissionLevel, read_uses

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
    action: Action | None = None  # the local action that it stands in, its inputs as the call gives them


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
class PathEdge:
    """One job leads to another: the second needs the first, or stands in a workflow that the first calls."""

    source: JobKey
    target: JobKey
    role: PathRole  # CALLS, or the role of the job that is needed


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

    @property
    def first_jobs(self) -> Mapping[str, tuple[JobKey, ...]]:
        """The jobs of each workflow that need no other job of the path, by the workflow's file."""
        keys = {job.key for job in self.jobs}
        found: dict[str, tuple[JobKey, ...]] = {}
        for job in self.jobs:
            file, name = job.key
            if all(need == name or (file, need) not in keys for need in job.job.needs):
                found[file] = (*found.get(file, ()), job.key)
        return found

    @property
    def started_workflows(self) -> tuple[Workflow, ...]:
        """The workflows that events start, and from which a publication is reached."""
        starts = (start for each in self.starts.values() for start in each)
        workflows = (start.calls[0][0] if start.calls else start.workflow for start in starts)
        return tuple({workflow.path: workflow for workflow in workflows}.values())

    @property
    def edges(self) -> tuple[PathEdge, ...]:
        """Which job leads straight to which, those that are needed first."""
        return tuple(dict.fromkeys((*self._need_edges(), *self._call_edges())))

    def _need_edges(self) -> Iterator[PathEdge]:
        roles = {job.key: job.role for job in self.jobs}
        for job in self.jobs:
            needed = ((job.key[0], need) for need in job.job.needs)
            yield from (PathEdge(key, job.key, roles[key]) for key in needed if key in roles)

    def _call_edges(self) -> Iterator[PathEdge]:
        keys, first_jobs = {job.key for job in self.jobs}, self.first_jobs
        for key, starts in self.starts.items():
            for start in starts:
                callers = [(workflow.path, job.id) for workflow, job in start.calls]
                callees = [*(file for file, _ in callers[1:]), key[0]][: len(callers)]
                for caller, file in zip(callers, callees, strict=True):
                    targets = first_jobs.get(file, ()) if caller in keys else ()
                    yield from (PathEdge(caller, target, PathRole.CALLS) for target in targets)

    def jobs_leading_to(self, job: JobKey) -> list[JobKey]:
        """List the jobs that lead to a job, the earliest first, and the job itself."""
        sources: dict[JobKey, list[JobKey]] = {}
        for edge in self.edges:
            sources.setdefault(edge.target, []).append(edge.source)
        found: list[JobKey] = []
        seen: set[JobKey] = set()
        waiting: list[tuple[JobKey, bool]] = [(job, False)]
        while waiting:  # not recursive: a hostile workflow may need a thousand jobs in a row, or itself
            key, done = waiting.pop()
            if done:
                found.append(key)
            elif key not in seen:
                seen.add(key)
                waiting += [(key, True), *((each, False) for each in reversed(sources.get(key, [])))]
        return found


_NEEDS_OUTPUTS = re.compile(r"\bneeds\s*(?:\.\s*([\w-]+)|\[\s*'([\w-]+)'\s*\])\s*\.\s*outputs\b", re.IGNORECASE)
_MAX_STEPS = 5_000  # of one job with its local actions opened: a workflow has at most 50,000 parts
_MAX_STARTS = 256  # in which events lead to one job
_MAX_NEEDED_JOBS = 50_000  # jobs before jobs, each counted wherever it is needed
_PATH_TOO_LONG = Unknown(
    "the whole publish path", f"its jobs need more than {_MAX_NEEDED_JOBS:,} others; split the workflows"
)


def publish_path(
    publications: Iterable[Publication], workflows: Mapping[str, Workflow], actions: Mapping[str, Action]
) -> PublishPath:
    """Find what lies on the way of these publications; each job stands once, in the nearest part that it takes."""
    asked = tuple(publications)
    known = _LAST_PATH[:1]  # taken at once: another thread may put its own there
    if known and known[0].workflows is workflows and known[0].actions is actions and known[0].publications == asked:
        return known[0].path
    path = _PathSearch(workflows, actions).find(asked)
    _LAST_PATH[:] = [_CachedPath(workflows, actions, asked, path)]
    return path


@dataclass(frozen=True, slots=True)
class _CachedPath:
    """What was asked last, and its answer: a dozen rules ask the same of one repository, one behind the other."""

    workflows: Mapping[str, Workflow]
    actions: Mapping[str, Action]
    publications: tuple[Publication, ...]
    path: PublishPath


_LAST_PATH: list[_CachedPath] = []


class _PathSearch:
    """The workflows and local actions of a repository, and who calls whom."""

    def __init__(self, workflows: Mapping[str, Workflow], actions: Mapping[str, Action]) -> None:
        self._workflows, self._actions = workflows, actions
        self._callers: dict[str, list[JobKey]] = {}
        self._needs_left = _MAX_NEEDED_JOBS
        self._permissions: dict[tuple[JobKey, int], tuple[Permissions | None, ...]] = {}
        self._flows: dict[str, Mapping[str, tuple[ArtifactFlow, ...]]] = {}
        for path, workflow in workflows.items():
            for job in workflow.jobs.values():
                callee = self._callee(job)
                if callee is not None:
                    self._callers.setdefault(callee.path, []).append((path, job.id))

    def find(self, publications: Iterable[Publication]) -> PublishPath:
        ways: dict[tuple[JobKey, tuple[str, ...]], list[Publication]] = {}
        for publication in publications:
            here = self.job_of(publication)
            if here is not None:
                ways.setdefault((here, publication.via), []).append(publication)
        parts: dict[JobKey, dict[PathRole, dict[Publication, None]]] = {}
        for (here, via), together in ways.items():
            for key, part in self._jobs_around(here, via):
                parts.setdefault(key, {}).setdefault(part, {}).update(dict.fromkeys(together))
        starts = {here: tuple(islice(self._starts(here, MAX_DEPTH), _MAX_STARTS)) for here, _ in ways}
        unseen = (_PATH_TOO_LONG,) if self._needs_left < 0 else ()
        return PublishPath(tuple(self._job(key, found) for key, found in parts.items()), starts, unseen)

    def job_of(self, publication: Publication) -> JobKey | None:
        """Give the job of a publication, which may stand in a local action that the job uses."""
        if publication.file in self._workflows:
            key = (publication.file, publication.job)
        else:
            ways = [way.rpartition(":") for way in publication.via]
            found = [(path, job) for path, _, job in ways if path in self._workflows and job == publication.job]
            if not found:
                return None
            key = found[-1]
        return key if key[1] in self._workflows[key[0]].jobs else None

    def _jobs_around(self, job_key: JobKey, via: tuple[str, ...]) -> Iterator[tuple[JobKey, PathRole]]:
        seen: set[JobKey] = set()
        yield job_key, PathRole.PUBLISHES
        yield from self._jobs_before(job_key, MAX_DEPTH, seen)
        ways = {(path, job) for path, _, job in (way.rpartition(":") for way in via)}
        waiting, hops = [job_key], MAX_DEPTH
        while waiting and hops:
            callers = [key for path, _ in waiting for key in self._callers.get(path, []) if key in ways]
            for caller in callers:
                yield caller, PathRole.CALLS
                yield from self._jobs_before(caller, hops, seen)
            waiting, hops = callers, hops - 1

    def _jobs_before(self, key: JobKey, depth: int, seen: set[JobKey]) -> Iterator[tuple[JobKey, PathRole]]:
        """Go through the jobs that a job needs, and into the workflows that they call."""
        if key in seen:
            return
        seen.add(key)
        path, job_id = key
        workflow = self._workflows[path]
        if self._needs_left < 0:
            return
        needs = transitive_needs(workflow, job_id)
        self._needs_left -= len(needs)
        feeding, informing = self._jobs_handing_on(workflow, job_id, frozenset(needs))
        for each in needs:
            part = PathRole.FEEDS if each in feeding else PathRole.INFORMS if each in informing else PathRole.GATES
            yield (path, each), part
            callee = self._callee(workflow.jobs[each])
            if callee is not None and depth:
                for inner in callee.jobs.values():
                    yield (callee.path, inner.id), _role_in_called_workflow(part, inner)
                    if _uploads(inner):
                        yield from self._jobs_before((callee.path, inner.id), depth - 1, seen)

    def _jobs_handing_on(self, workflow: Workflow, job_id: str, needs: frozenset[str]) -> tuple[set[str], set[str]]:
        """Name the needed jobs whose artifacts reach a job, by others too, and those whose outputs do."""
        if workflow.path not in self._flows:
            self._flows[workflow.path] = artifact_flows(workflow) if needs else {}
        flows = self._flows[workflow.path]
        feeding: set[str] = set()
        waiting = [job_id]
        while waiting:
            waiting = [
                flow.producer_job
                for one in waiting
                for flow in flows.get(one, ())
                if flow.producer_job in needs and flow.producer_job not in feeding
            ]
            feeding.update(waiting)
        lines = (line for each in (job_id, *feeding) for line in _lines(workflow, workflow.jobs[each]))
        return feeding, {
            found[1] or found[2] for line in lines for found in _NEEDS_OUTPUTS.finditer(line)
        } if needs else set()

    def _starts(self, key: JobKey, depth: int, calls: tuple[tuple[Workflow, Job], ...] = ()) -> Iterator[PathStart]:
        workflow = self._workflows[key[0]]
        if any(event != "workflow_call" for event in workflow.triggers):
            yield PathStart(workflow, calls)
        for path, job_id in self._callers.get(key[0], ()) if depth else ():
            caller = self._workflows[path]
            yield from self._starts((path, job_id), depth - 1, ((caller, caller.jobs[job_id]), *calls))

    def _permissions_of(self, key: JobKey, depth: int) -> tuple[Permissions | None, ...]:
        if (key, depth) not in self._permissions:
            self._permissions[key, depth] = self._compute_permissions(key, depth)
        return self._permissions[key, depth]

    def _compute_permissions(self, key: JobKey, depth: int) -> tuple[Permissions | None, ...]:
        workflow = self._workflows[key[0]]
        own = effective_permissions(workflow, workflow.jobs[key[1]])
        callers = self._callers.get(key[0], []) if depth else []
        ways = [
            reusable_workflow_permissions(own, outer)
            for caller in callers
            for outer in self._permissions_of(caller, depth - 1)
        ]
        if not callers or any(event != "workflow_call" for event in workflow.triggers):
            ways.append(own)
        return tuple({_permission_key(each): each for each in ways}.values())

    def _job(self, key: JobKey, found: Mapping[PathRole, Mapping[Publication, None]]) -> PathJob:
        workflow = self._workflows[key[0]]
        job = workflow.jobs[key[1]]
        part = next(each for each in PathRole if each in found)
        publications = found[part] if part is PathRole.PUBLISHES else {p: None for each in found.values() for p in each}
        opened = tuple(self._open_actions(workflow.path, job.steps))
        lines = {(each.file, each.line) for each in publications} if part is PathRole.PUBLISHES else set()
        sending = {(each.file, each.step.line): each for each in opened if (each.file, each.step.line) in lines}
        return PathJob(workflow, job, part, tuple(publications), opened, self._permissions_of(key, MAX_DEPTH), sending)

    def _open_actions(self, file: str, steps: Iterable[Step]) -> Iterator[PathStep]:
        """Yield steps in order, each call of a local action followed by the action's own."""
        waiting = [PathStep(file, step, _condition(step)) for step in steps][::-1]
        left = _MAX_STEPS
        depth: dict[str, int] = {}
        while waiting and left:
            left -= 1
            here = waiting.pop()
            yield here
            folder = local_uses_path(here.step.uses.value) if here.step.uses else None
            action = self._actions.get(folder) if folder is not None else None
            if action is not None and depth.get(action.path, 0) < MAX_DEPTH:
                depth[action.path] = depth.get(action.path, 0) + 1
                called = _with_given_inputs(action, here.step)
                inner = [PathStep(action.path, s, here.conditions + _condition(s), called) for s in action.steps]
                waiting += inner[::-1]

    def _callee(self, job: Job) -> Workflow | None:
        path = local_uses_path(job.uses.value) if job.uses else None
        return self._workflows.get(path) if path else None


def _permission_key(permissions: Permissions | None) -> tuple[object, ...] | None:
    """Say what permissions give, so that two ways with the same rights count once."""
    return None if permissions is None else (permissions.all_scopes, *sorted(permissions.scopes.items()))


def _condition(step: Step) -> tuple[SourceText, ...]:
    return () if step.condition is None else (step.condition,)


def _role_in_called_workflow(role: PathRole, job: Job) -> PathRole:
    """Say how a job of a called workflow takes part: only one that uploads an artifact can feed."""
    return PathRole.GATES if role is PathRole.FEEDS and not _uploads(job) else role


def _uploads(job: Job) -> bool:
    return any(step.uses is not None and read_uses(step.uses.value).name in UPLOAD_ACTIONS for step in job.steps)


def _lines(workflow: Workflow, job: Job) -> tuple[str, ...]:
    return workflow.lines[job.line - 1 : job.end_line]


_ROLE_TEXTS: Mapping[PathRole, str] = {
    PathRole.PUBLISHES: "the job that publishes to {where}",
    PathRole.CALLS: "the job {job} (it calls the workflow that publishes to {where})",
    PathRole.FEEDS: "the job {job} (its artifact is published to {where})",
    PathRole.INFORMS: "the job {job} (its outputs are used by the publication to {where})",
    PathRole.GATES: "the job {job} (the publication to {where} needs it)",
}


def registry_names(publications: Iterable[Publication], registries: Mapping[RegistryId, Registry]) -> str:
    """Name the registries that packages are sent to: `PyPI and npm`."""
    return join_names(registries[publication.registry].name for publication in publications)


def describe_path_job(job: PathJob, registries: Mapping[RegistryId, Registry]) -> str:
    """Name a job by its part: `the job build (its artifact is published to PyPI)`."""
    return _ROLE_TEXTS[job.role].format(job=job.job.id, where=registry_names(job.publications, registries))


def _with_given_inputs(action: Action, call: Step) -> Action:
    """Put the values that a call writes out in the place of an action's defaults."""
    given = {name: text.value for name, text in call.inputs.items() if "${{" not in text.value}
    inputs = {
        name: replace(each, default=given[name]) if name in given else each for name, each in action.inputs.items()
    }
    return replace(action, inputs=inputs)
