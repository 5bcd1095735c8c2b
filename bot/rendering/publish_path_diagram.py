"""Draws the publish path from triggers through jobs to registries as text or a Mermaid flowchart.

Mermaid's flowchart syntax: https://mermaid.js.org/syntax/flowchart.html
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from bot.detection import Publication
from bot.detection.publish_path import JobKey, PathRole, PathStart, PublishPath, publish_path
from bot.rendering.markdown import plain_line
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


MAX_ASCII_JOBS = 50  # of one file


def render_ascii_diagram(snapshot: Snapshot) -> list[str]:
    """Draw each file that publishes; the lines hold repository text as it is, so they go into a block of their own."""
    drawing = build_diagram(snapshot)
    files = dict.fromkeys(file for file, _ in drawing.publishing_jobs)
    return [
        *(line for file in files for line in _ascii_file(file, drawing)),
        *(f"… {each}" for each in drawing.unknown),
    ]


def _ascii_file(file: str, diagram: PublishPathDiagram) -> Iterator[str]:
    yield file
    here, before = [job for job in diagram.publishing_jobs if job[0] == file], diagram.predecessors
    chains = {job: job_chain(job, before) for job in here[:MAX_ASCII_JOBS]}
    on_the_way = {key for each in chains.values() for key in each}
    events = [event for event in diagram.triggers if on_the_way & set(event.first_jobs)]
    for started in dict.fromkeys(event.file for event in events):
        texts = ", ".join(event.text for event in events if event.file == started)
        yield f"  on {texts}" if started == file else f"  on {texts}, in {started}"
    for job, each in chains.items():
        yield f"  └─ {' → '.join(_ascii_job(key, file) for key in each)}"
        yield from (f"     └─ {_ascii_publication(leaving)}" for leaving in diagram.publications if leaving.job == job)
    if len(here) > MAX_ASCII_JOBS:
        yield f"  … and {len(here) - MAX_ASCII_JOBS:,} more jobs"


def _ascii_publication(publication: DiagramPublication) -> str:
    environment = f"environment {publication.environment}" if publication.environment else "no environment"
    return f"{environment} → {publication.registry}, with {publication.credential}   line {publication.line}"


def _ascii_job(key: JobKey, file: str) -> str:
    return f"job {key[1]}" if key[0] == file else f"job {key[1]} of {key[0].rpartition('/')[2]}"


MAX_MERMAID_EDGES = 400  # of one repository; Mermaid draws no more than 500, and no longer text than 50,000 characters
MAX_MERMAID_JOBS = 150

# All that could mean something to Mermaid, Markdown or HTML is written as one of Mermaid's entity codes.
_ESCAPED_CHARACTERS = re.compile(r"[^\w ./,→…-]|^\s|\s$", re.ASCII)
_MAX_LABEL = 200


def render_mermaid(snapshots: Iterable[tuple[str, Snapshot]]) -> str:
    """Draw repositories, each named, into one flowchart."""
    lines = [f"  {line}" for number, each in enumerate(snapshots) for line in _mermaid_repository(f"r{number}", *each)]
    return "\n".join(["flowchart LR", *lines])


def mermaid_label(text: str) -> str:
    """Give any text as the label of a node or an arrow."""
    shown = plain_line(text, _MAX_LABEL)
    return (
        '"' + _ESCAPED_CHARACTERS.sub(lambda mark: mark[0] if mark[0].isalpha() else f"#{ord(mark[0])};", shown) + '"'
    )


def _mermaid_repository(prefix: str, name: str, snapshot: Snapshot) -> Iterator[str]:
    drawing = build_diagram(snapshot)
    jobs = {key: f"{prefix}j{number}" for number, key in enumerate(drawing.jobs[:MAX_MERMAID_JOBS])}
    arrows = [*dict.fromkeys(islice(_mermaid_edges(prefix, drawing, jobs), MAX_MERMAID_EDGES + 1))]
    notes = [*drawing.unknown]
    if len(drawing.jobs) > MAX_MERMAID_JOBS or len(arrows) > MAX_MERMAID_EDGES:
        notes.append("there is more than can be drawn")
    if not drawing.publications:
        notes.append("nothing is published from here")
    yield f"subgraph {prefix}[{mermaid_label(name)}]"
    yield from (f"  {line}" for line in _mermaid_files(prefix, jobs))
    yield from (f"  {line}" for line in arrows[:MAX_MERMAID_EDGES])
    yield from (f"  {prefix}n{number}[{mermaid_label(note)}]" for number, note in enumerate(notes))
    yield "end"


def _mermaid_files(prefix: str, jobs: Mapping[JobKey, str]) -> Iterator[str]:
    by_file: dict[str, list[JobKey]] = {}
    for key in jobs:
        by_file.setdefault(key[0], []).append(key)
    for number, (file, keys) in enumerate(by_file.items()):
        yield f"subgraph {prefix}f{number}[{mermaid_label(file)}]"
        yield from (f"  {jobs[key]}[{mermaid_label(key[1])}]" for key in keys)
        yield "end"


def _mermaid_edges(prefix: str, diagram: PublishPathDiagram, jobs: Mapping[JobKey, str]) -> Iterator[str]:
    for number, event in enumerate(diagram.triggers):
        for key in event.first_jobs:
            if key in jobs:
                yield f"{prefix}e{number}([{mermaid_label(event.text)}]) --> {jobs[key]}"
    for arrow in diagram.edges:
        if arrow.source in jobs and arrow.target in jobs:
            hands = f"-- {mermaid_label(arrow.label)} " if arrow.label else ""
            yield f"{jobs[arrow.source]} {hands}--> {jobs[arrow.target]}"
    environments = _number_nodes(f"{prefix}v", (each.environment or "" for each in diagram.publications))
    registries = _number_nodes(f"{prefix}p", (each.registry for each in diagram.publications))
    for each in diagram.publications:
        if each.job in jobs:
            yield from _mermaid_publication(jobs[each.job], each, environments, registries)


def _mermaid_publication(
    job: str, publication: DiagramPublication, environments: Mapping[str, str], registries: Mapping[str, str]
) -> Iterator[str]:
    registry = f"{registries[publication.registry]}[({mermaid_label(publication.registry)})]"
    if publication.environment:
        environment = environments[publication.environment]
        yield f"{job} --> {environment}{{{{{mermaid_label(f'environment {publication.environment}')}}}}}"
        job = environment
    yield f"{job} -- {mermaid_label(publication.credential)} --> {registry}"


def _number_nodes(prefix: str, names: Iterable[str]) -> dict[str, str]:
    return {name: f"{prefix}{number}" for number, name in enumerate(dict.fromkeys(names))}
