"""The publish path as a Mermaid flowchart, for Markdown and its viewers: mermaid.js.org/syntax/flowchart.html."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from bot.detection.path import JobKey
from bot.rendering.markdown import plain_line
from bot.rendering.publish_path_diagram import DiagramPublication, PublishPathDiagram, build_diagram
from bot.snapshot.repository_snapshot import Snapshot

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
