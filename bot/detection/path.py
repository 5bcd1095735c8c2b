"""The search for the publish path: from each job that publishes backwards, to all that can influence it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from bot.detection.publication import Publication
from bot.detection.publish_path import JobKey, Part, PathJob, PathStep, PublishPath, Start
from bot.detection.scene import HOPS
from bot.detection.steps import local_folder
from bot.model.findings import Unseen
from bot.workflows import Action, Job, Permissions, Step, Text, Workflow
from bot.workflows.artifacts import UPLOADS, Flow, artifact_flows
from bot.workflows.graph import effective_permissions, granted, needed
from bot.workflows.uses import read_uses

__all__ = ["JobKey", "Part", "PathJob", "PathStep", "PublishPath", "Start", "publish_path"]

_OUTPUTS = re.compile(r"\bneeds\s*(?:\.\s*([\w-]+)|\[\s*'([\w-]+)'\s*\])\s*\.\s*outputs\b", re.IGNORECASE)
_MOST_STEPS = 5_000  # of one job with its local actions opened: a workflow has at most 50,000 parts
_MOST_WAYS = 256  # in which events lead to one job
_MOST_NEEDS = 50_000  # jobs before jobs, each counted wherever it is needed
_TOO_LONG = Unseen("the whole publish path", f"its jobs need more than {_MOST_NEEDS:,} others; split the workflows")


def publish_path(
    publications: Iterable[Publication], workflows: Mapping[str, Workflow], actions: Mapping[str, Action]
) -> PublishPath:
    """Find what lies on the way of these publications; each job stands once, in the nearest part that it takes."""
    asked = tuple(publications)
    known = _LAST[:1]  # taken at once: another thread may put its own there
    if known and known[0].about is workflows and known[0].with_ is actions and known[0].asked == asked:
        return known[0].path
    path = _Search(workflows, actions).path(asked)
    _LAST[:] = [_Answer(workflows, actions, asked, path)]
    return path


@dataclass(frozen=True, slots=True)
class _Answer:
    """What was asked last, and its answer: a dozen rules ask the same of one repository, one behind the other."""

    about: Mapping[str, Workflow]
    with_: Mapping[str, Action]
    asked: tuple[Publication, ...]
    path: PublishPath


_LAST: list[_Answer] = []


class _Search:
    """The workflows and local actions of a repository, and who calls whom."""

    def __init__(self, workflows: Mapping[str, Workflow], actions: Mapping[str, Action]) -> None:
        self._workflows, self._actions = workflows, actions
        self._callers: dict[str, list[JobKey]] = {}
        self._left = _MOST_NEEDS
        self._granted: dict[tuple[JobKey, int], tuple[Permissions | None, ...]] = {}
        self._flows: dict[str, Mapping[str, tuple[Flow, ...]]] = {}
        for path, workflow in workflows.items():
            for job in workflow.jobs.values():
                callee = self._callee(job)
                if callee is not None:
                    self._callers.setdefault(callee.path, []).append((path, job.id))

    def path(self, publications: Iterable[Publication]) -> PublishPath:
        ways: dict[tuple[JobKey, tuple[str, ...]], list[Publication]] = {}
        for publication in publications:
            here = self.job_of(publication)
            if here is not None:
                ways.setdefault((here, publication.via), []).append(publication)
        parts: dict[JobKey, dict[Part, dict[Publication, None]]] = {}
        for (here, via), together in ways.items():
            for key, part in self._around(here, via):
                parts.setdefault(key, {}).setdefault(part, {}).update(dict.fromkeys(together))
        starts = {here: tuple(islice(self._starts(here, HOPS), _MOST_WAYS)) for here, _ in ways}
        unseen = (_TOO_LONG,) if self._left < 0 else ()
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

    def _around(self, here: JobKey, via: tuple[str, ...]) -> Iterator[tuple[JobKey, Part]]:
        seen: set[JobKey] = set()
        yield here, Part.PUBLISHES
        yield from self._before(here, HOPS, seen)
        ways = {(path, job) for path, _, job in (way.rpartition(":") for way in via)}
        waiting, hops = [here], HOPS
        while waiting and hops:
            callers = [key for path, _ in waiting for key in self._callers.get(path, []) if key in ways]
            for caller in callers:
                yield caller, Part.CALLS
                yield from self._before(caller, hops, seen)
            waiting, hops = callers, hops - 1

    def _before(self, key: JobKey, hops: int, seen: set[JobKey]) -> Iterator[tuple[JobKey, Part]]:
        """Go through the jobs that a job needs, and into the workflows that they call."""
        if key in seen:
            return
        seen.add(key)
        path, job_id = key
        workflow = self._workflows[path]
        if self._left < 0:
            return
        needs = needed(workflow, job_id)
        self._left -= len(needs)
        feeding, informing = self._handing(workflow, job_id, frozenset(needs))
        for each in needs:
            part = Part.FEEDS if each in feeding else Part.INFORMS if each in informing else Part.GATES
            yield (path, each), part
            callee = self._callee(workflow.jobs[each])
            if callee is not None and hops:
                for inner in callee.jobs.values():
                    yield (callee.path, inner.id), _within(part, inner)
                    if _uploads(inner):
                        yield from self._before((callee.path, inner.id), hops - 1, seen)

    def _handing(self, workflow: Workflow, job_id: str, needs: frozenset[str]) -> tuple[set[str], set[str]]:
        """Name the needed jobs whose artifacts reach a job, by others too, and those whose outputs do."""
        if workflow.path not in self._flows:
            self._flows[workflow.path] = artifact_flows(workflow) if needs else {}
        flows = self._flows[workflow.path]
        feeding: set[str] = set()
        waiting = [job_id]
        while waiting:
            waiting = [
                flow.job
                for one in waiting
                for flow in flows.get(one, ())
                if flow.job in needs and flow.job not in feeding
            ]
            feeding.update(waiting)
        lines = (line for each in (job_id, *feeding) for line in _lines(workflow, workflow.jobs[each]))
        return feeding, {
            found[1] or found[2] for line in lines for found in _OUTPUTS.finditer(line)
        } if needs else set()

    def _starts(self, key: JobKey, hops: int, calls: tuple[tuple[Workflow, Job], ...] = ()) -> Iterator[Start]:
        workflow = self._workflows[key[0]]
        if any(event != "workflow_call" for event in workflow.triggers):
            yield Start(workflow, calls)
        for path, job_id in self._callers.get(key[0], ()) if hops else ():
            caller = self._workflows[path]
            yield from self._starts((path, job_id), hops - 1, ((caller, caller.jobs[job_id]), *calls))

    def _grants(self, key: JobKey, hops: int) -> tuple[Permissions | None, ...]:
        if (key, hops) not in self._granted:
            self._granted[key, hops] = self._granting(key, hops)
        return self._granted[key, hops]

    def _granting(self, key: JobKey, hops: int) -> tuple[Permissions | None, ...]:
        workflow = self._workflows[key[0]]
        own = effective_permissions(workflow, workflow.jobs[key[1]])
        callers = self._callers.get(key[0], []) if hops else []
        ways = [granted(own, outer) for caller in callers for outer in self._grants(caller, hops - 1)]
        if not callers or any(event != "workflow_call" for event in workflow.triggers):
            ways.append(own)
        return tuple({_said(each): each for each in ways}.values())

    def _job(self, key: JobKey, found: Mapping[Part, Mapping[Publication, None]]) -> PathJob:
        workflow = self._workflows[key[0]]
        job = workflow.jobs[key[1]]
        part = next(each for each in Part if each in found)
        publications = found[part] if part is Part.PUBLISHES else {p: None for each in found.values() for p in each}
        opened = tuple(self._open(workflow.path, job.steps))
        lines = {(each.file, each.line) for each in publications} if part is Part.PUBLISHES else set()
        sending = {(each.file, each.step.line): each for each in opened if (each.file, each.step.line) in lines}
        return PathJob(workflow, job, part, tuple(publications), opened, self._grants(key, HOPS), sending)

    def _open(self, file: str, steps: Iterable[Step]) -> Iterator[PathStep]:
        """Yield steps in order, each call of a local action followed by the action's own."""
        waiting = [PathStep(file, step, _condition(step)) for step in steps][::-1]
        left = _MOST_STEPS
        depth: dict[str, int] = {}
        while waiting and left:
            left -= 1
            here = waiting.pop()
            yield here
            folder = local_folder(here.step.uses.value) if here.step.uses else None
            action = self._actions.get(folder) if folder is not None else None
            if action is not None and depth.get(action.path, 0) < HOPS:
                depth[action.path] = depth.get(action.path, 0) + 1
                inner = [PathStep(action.path, s, here.conditions + _condition(s), action) for s in action.steps]
                waiting += inner[::-1]

    def _callee(self, job: Job) -> Workflow | None:
        path = local_folder(job.uses.value) if job.uses else None
        return self._workflows.get(path) if path else None


def _said(permissions: Permissions | None) -> tuple[object, ...] | None:
    """Say what permissions give, so that two ways with the same rights count once."""
    return None if permissions is None else (permissions.everything, *sorted(permissions.scopes.items()))


def _condition(step: Step) -> tuple[Text, ...]:
    return () if step.condition is None else (step.condition,)


def _within(part: Part, job: Job) -> Part:
    """Say how a job of a called workflow takes part: only one that uploads an artifact can feed."""
    return Part.GATES if part is Part.FEEDS and not _uploads(job) else part


def _uploads(job: Job) -> bool:
    return any(step.uses is not None and read_uses(step.uses.value).name in UPLOADS for step in job.steps)


def _lines(workflow: Workflow, job: Job) -> tuple[str, ...]:
    return workflow.lines[job.line - 1 : job.end_line]
