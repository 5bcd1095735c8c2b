"""Draws the publish path from triggers through jobs to registries as text or a Mermaid flowchart.

Mermaid's flowchart syntax: https://mermaid.js.org/syntax/flowchart.html
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import islice

from bot.detection import Publication
from bot.detection.publish_path import JobKey, PathRole, PublishPath
from bot.model.findings import join_names
from bot.rendering.markdown import plain_line
from bot.rendering.phrases import credential_text
from bot.snapshot.repository_snapshot import Snapshot, unread_facts
from bot.workflows import Trigger

MAX_FILTERS = 5  # values of one trigger's filter that are shown
MAX_ASCII_JOBS = 50  # of one file
EDGE_LABELS = {PathRole.FEEDS: "artifact", PathRole.INFORMS: "outputs", PathRole.CALLS: "calls"}


@dataclass(frozen=True, slots=True)
class _Drawing:
    """A snapshot's publish path and its publications by job; its texts are the repository's own."""

    snapshot: Snapshot
    path: PublishPath
    publications: Mapping[JobKey, tuple[Publication, ...]]
    jobs: tuple[JobKey, ...]

    @classmethod
    def of(cls, snapshot: Snapshot) -> "_Drawing":
        path = snapshot.publish_path
        jobs = {publication: job.key for job in path.publishing for publication in job.publications}
        publications: dict[JobKey, tuple[Publication, ...]] = {}
        for each in snapshot.publications:
            job = jobs.get(each, (each.file, each.job))
            publications[job] = (*publications.get(job, ()), each)
        return cls(snapshot, path, publications, tuple(dict.fromkeys((*(job.key for job in path.jobs), *publications))))

    def registry_name(self, publication: Publication) -> str:
        return self.snapshot.registries[publication.registry].name


def render_ascii_diagram(snapshot: Snapshot) -> list[str]:
    """Draw each file that publishes; the lines hold repository text as it is, so they go into a block of their own."""
    drawing = _Drawing.of(snapshot)
    files = dict.fromkeys(file for file, _ in drawing.publications)
    return [*(line for file in files for line in _ascii_file(file, drawing)), *_unknown_notes(drawing.path)]


def _unknown_notes(path: PublishPath) -> Iterator[str]:
    yield from (f"… {each.fact} was not followed: {each.reason}" for each in path.unknown)


def _ascii_file(file: str, drawing: _Drawing) -> Iterator[str]:
    yield file
    here = [job for job in drawing.publications if job[0] == file]
    chains = {job: drawing.path.jobs_leading_to(job) for job in here[:MAX_ASCII_JOBS]}
    yield from _ascii_triggers(file, {key for each in chains.values() for key in each}, drawing.path)
    for job, each in chains.items():
        yield f"  └─ {' → '.join(_ascii_job(key, file) for key in each)}"
        yield from (f"     └─ {_ascii_publication(one, drawing)}" for one in drawing.publications[job])
    if len(here) > MAX_ASCII_JOBS:
        yield f"  … and {len(here) - MAX_ASCII_JOBS:,} more jobs"


def _ascii_triggers(file: str, leading: AbstractSet[JobKey], path: PublishPath) -> Iterator[str]:
    for workflow in path.started_workflows:
        if leading & set(path.first_jobs.get(workflow.path, ())):
            events = ", ".join(map(_trigger_text, workflow.triggers.values()))
            yield f"  on {events}" if workflow.path == file else f"  on {events}, in {workflow.path}"


def _ascii_publication(publication: Publication, drawing: _Drawing) -> str:
    environment = f"environment {publication.environment}" if publication.environment else "no environment"
    registry, credential = drawing.registry_name(publication), credential_text(publication)
    return f"{environment} → {registry}, with {credential}   line {publication.line}"


def _ascii_job(key: JobKey, file: str) -> str:
    return f"job {key[1]}" if key[0] == file else f"job {key[1]} of {key[0].rpartition('/')[2]}"


def _trigger_text(trigger: Trigger) -> str:
    """Write a trigger with its filters: `push (tags v*)`."""
    filters = "; ".join(
        f"{name} {', '.join(values[:MAX_FILTERS])}{' …' if len(values) > MAX_FILTERS else ''}"
        for name, values in trigger.filters.items()
    )
    return f"{trigger.event} ({filters})" if filters else trigger.event


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
    drawing = _Drawing.of(snapshot)
    jobs = {key: f"{prefix}j{number}" for number, key in enumerate(drawing.jobs[:MAX_MERMAID_JOBS])}
    edges = [*dict.fromkeys(islice(_mermaid_edges(prefix, drawing, jobs), MAX_MERMAID_EDGES + 1))]
    notes = [*_unknown_notes(drawing.path)]
    if len(drawing.jobs) > MAX_MERMAID_JOBS or len(edges) > MAX_MERMAID_EDGES:
        notes.append("there is more than can be drawn")
    unread = unread_facts(snapshot)
    if unread:
        notes.append(f"not everything could be read: {join_names(sorted(unread))}")
    elif not drawing.publications:
        notes.append("nothing is published from here")
    yield f"subgraph {prefix}[{mermaid_label(name)}]"
    yield from (f"  {line}" for line in _mermaid_files(prefix, jobs))
    yield from (f"  {line}" for line in edges[:MAX_MERMAID_EDGES])
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


def _mermaid_edges(prefix: str, drawing: _Drawing, jobs: Mapping[JobKey, str]) -> Iterator[str]:
    events = [(workflow, each) for workflow in drawing.path.started_workflows for each in workflow.triggers.values()]
    first_jobs = drawing.path.first_jobs
    for number, (workflow, trigger) in enumerate(events):
        for key in filter(jobs.__contains__, first_jobs.get(workflow.path, ())):
            yield f"{prefix}e{number}([{mermaid_label(_trigger_text(trigger))}]) --> {jobs[key]}"
    for edge in drawing.path.edges:
        if edge.source in jobs and edge.target in jobs:
            label = EDGE_LABELS.get(edge.role)
            yield f"{jobs[edge.source]} {f'-- {mermaid_label(label)} ' if label else ''}--> {jobs[edge.target]}"
    yield from _mermaid_publications(prefix, drawing, jobs)


def _mermaid_publications(prefix: str, drawing: _Drawing, jobs: Mapping[JobKey, str]) -> Iterator[str]:
    environments = _number_nodes(f"{prefix}v", (each.environment or "" for each in drawing.snapshot.publications))
    registries = _number_nodes(f"{prefix}p", map(drawing.registry_name, drawing.snapshot.publications))
    for key, publications in drawing.publications.items():
        for each in publications if key in jobs else ():
            name, source = drawing.registry_name(each), jobs[key]
            if each.environment:
                environment = environments[each.environment]
                yield f"{source} --> {environment}{{{{{mermaid_label(f'environment {each.environment}')}}}}}"
                source = environment
            yield f"{source} -- {mermaid_label(credential_text(each))} --> {registries[name]}[({mermaid_label(name)})]"


def _number_nodes(prefix: str, names: Iterable[str]) -> dict[str, str]:
    return {name: f"{prefix}{number}" for number, name in enumerate(dict.fromkeys(names))}
