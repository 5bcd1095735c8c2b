"""The publish path as a drawing: what starts it, the jobs on the way, and where packages leave. Each picture renders this."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.detection import Publication
from bot.detection.path import JobKey, PathRole, PathStart, PublishPath, publish_path
from bot.rendering.phrases import credential_text
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import Trigger, Workflow

MAX_FILTERS = 5  # values of one trigger's filter that are shown

_EDGE_LABELS = {
    PathRole.FEEDS: "artifact",
    PathRole.INFORMS: "outputs",
    PathRole.GATES: "",
    PathRole.CALLS: "calls",
    PathRole.PUBLISHES: "",
}


@dataclass(frozen=True, slots=True)
class DiagramEdge:
    """One job leads to another: it is needed, or calls the workflow in which the other stands."""

    source: JobKey
    target: JobKey
    label: str  # what of it is handed on: "artifact", "outputs", "calls", or nothing


@dataclass(frozen=True, slots=True)
class DiagramTrigger:
    """What starts a workflow, and the jobs that it starts first."""

    file: str
    text: str  # "push (tags v*)"
    first_jobs: tuple[JobKey, ...]


@dataclass(frozen=True, slots=True)
class DiagramPublication:
    """A package leaves."""

    job: JobKey
    environment: str | None
    registry: str
    credential: str
    line: int


@dataclass(frozen=True, slots=True)
class PublishPathDiagram:
    """All publish paths of a repository; its texts are the repository's own, so whoever shows them escapes them."""

    triggers: tuple[DiagramTrigger, ...]
    jobs: tuple[JobKey, ...]
    edges: tuple[DiagramEdge, ...]
    publications: tuple[DiagramPublication, ...]
    unknown: tuple[str, ...]  # why there may be more

    @property
    def publishing_jobs(self) -> tuple[JobKey, ...]:
        """The jobs from which packages leave."""
        return tuple(dict.fromkeys(each.job for each in self.publications))

    @property
    def predecessors(self) -> dict[JobKey, list[JobKey]]:
        """The jobs that lead straight to each job."""
        before: dict[JobKey, list[JobKey]] = {}
        for arrow in self.edges:
            before.setdefault(arrow.target, []).append(arrow.source)
        return before


def job_chain(job: JobKey, predecessors: Mapping[JobKey, Sequence[JobKey]]) -> list[JobKey]:
    """List the jobs that lead to one, earliest first, and the job itself."""
    found: list[JobKey] = []
    seen: set[JobKey] = set()
    waiting: list[tuple[JobKey, bool]] = [(job, False)]
    while waiting:  # not recursive: a hostile workflow may need a thousand jobs in a row, or itself
        key, done = waiting.pop()
        if done:
            found.append(key)
        elif key not in seen:
            seen.add(key)
            waiting += [(key, True), *((each, False) for each in reversed(predecessors.get(key, [])))]
    return found


def build_diagram(snapshot: Snapshot) -> PublishPathDiagram:
    """Draw what the snapshot shows."""
    path = publish_path(snapshot.publications, snapshot.workflows, snapshot.actions)
    here = {id(publication): job.key for job in path.publishing for publication in job.publications}
    leaving = tuple(
        _diagram_publication(publication, here.get(id(publication), (publication.file, publication.job)), snapshot)
        for publication in snapshot.publications
    )
    drawn = {job.key: job.role for job in path.jobs} | {each.job: PathRole.PUBLISHES for each in leaving}
    first = _first_jobs(drawn, snapshot)
    arrows = tuple(dict.fromkeys([*_need_edges(drawn, snapshot), *_call_edges(path, drawn, first)]))
    unseen = tuple(f"{each.fact} was not followed: {each.reason}" for each in path.unknown)
    return PublishPathDiagram(tuple(_diagram_triggers(path, first)), tuple(drawn), arrows, leaving, unseen)


def _diagram_publication(publication: Publication, job: JobKey, snapshot: Snapshot) -> DiagramPublication:
    registry = snapshot.registries[publication.registry].name
    return DiagramPublication(job, publication.environment, registry, credential_text(publication), publication.line)


def _need_edges(job_parts: Mapping[JobKey, PathRole], snapshot: Snapshot) -> Iterator[DiagramEdge]:
    for file, name in job_parts:
        workflow = snapshot.workflows.get(file)
        job = workflow.jobs.get(name) if workflow else None
        for need in job.needs if job else ():
            if (file, need) in job_parts:
                yield DiagramEdge((file, need), (file, name), _EDGE_LABELS[job_parts[file, need]])


def _call_edges(
    path: PublishPath, job_parts: Mapping[JobKey, PathRole], first_jobs: Mapping[str, Sequence[JobKey]]
) -> Iterator[DiagramEdge]:
    """Yield what leads from a calling job to the first jobs of the workflow that it calls."""
    pairs: dict[tuple[JobKey, str], None] = {}
    for key, starts in path.starts.items():
        for start in starts:
            ways = [(workflow.path, job.id) for workflow, job in start.calls]
            files = [file for file, _ in ways[1:]] + [key[0]]
            pairs |= dict.fromkeys(zip(ways, files, strict=False))  # without calls there is no way
    for calling, file in pairs:
        if calling in job_parts:
            yield from (DiagramEdge(calling, each, "calls") for each in first_jobs.get(file, ()))


def _first_jobs(job_parts: Mapping[JobKey, PathRole], snapshot: Snapshot) -> dict[str, list[JobKey]]:
    """Give the drawn jobs that need no other, by file."""
    found: dict[str, list[JobKey]] = {}
    for file, name in job_parts:
        workflow = snapshot.workflows.get(file)
        job = workflow.jobs.get(name) if workflow else None
        if job is None or not any((file, need) in job_parts and need != name for need in job.needs):
            found.setdefault(file, []).append((file, name))
    return found


def _diagram_triggers(path: PublishPath, first_jobs: Mapping[str, Sequence[JobKey]]) -> Iterator[DiagramTrigger]:
    started = {
        _starting_workflow(start).path: _starting_workflow(start) for starts in path.starts.values() for start in starts
    }
    for file, workflow in started.items():
        for trigger in workflow.triggers.values():
            yield DiagramTrigger(file, _trigger_text(trigger), tuple(first_jobs.get(file, ())))


def _starting_workflow(start: PathStart) -> Workflow:
    return start.calls[0][0] if start.calls else start.workflow


def _trigger_text(trigger: Trigger) -> str:
    filters = "; ".join(
        f"{name} {', '.join(values[:MAX_FILTERS])}{' …' if len(values) > MAX_FILTERS else ''}"
        for name, values in trigger.filters.items()
    )
    return f"{trigger.event} ({filters})" if filters else trigger.event
