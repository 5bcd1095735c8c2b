"""The publish path as a Mermaid flowchart, for Markdown and its viewers: mermaid.js.org/syntax/flowchart.html."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from bot.detection.path import JobKey
from bot.rendering.markdown import plain
from bot.rendering.publish_path_diagram import Drawing, Leaving, draw
from bot.snapshot.repository_snapshot import Snapshot

MOST_ARROWS = 400  # of one repository; Mermaid draws no more than 500, and no longer text than 50,000 characters
MOST_JOBS = 150

# All that could mean something to Mermaid, Markdown or HTML is written as one of Mermaid's entity codes.
_MARKS = re.compile(r"[^\w ./,→…-]|^\s|\s$", re.ASCII)
_LONGEST = 200


def render(snapshots: Iterable[tuple[str, Snapshot]]) -> str:
    """Draw repositories, each named, into one flowchart."""
    lines = [f"  {line}" for number, each in enumerate(snapshots) for line in _repository(f"r{number}", *each)]
    return "\n".join(["flowchart LR", *lines])


def label(text: str) -> str:
    """Give any text as the label of a node or an arrow."""
    shown = plain(text, _LONGEST)
    return '"' + _MARKS.sub(lambda mark: mark[0] if mark[0].isalpha() else f"#{ord(mark[0])};", shown) + '"'


def _repository(prefix: str, name: str, snapshot: Snapshot) -> Iterator[str]:
    drawing = draw(snapshot)
    jobs = {key: f"{prefix}j{number}" for number, key in enumerate(drawing.jobs[:MOST_JOBS])}
    arrows = [*dict.fromkeys(islice(_arrows(prefix, drawing, jobs), MOST_ARROWS + 1))]
    notes = [*drawing.unseen]
    if len(drawing.jobs) > MOST_JOBS or len(arrows) > MOST_ARROWS:
        notes.append("there is more than can be drawn")
    if not drawing.leaving:
        notes.append("nothing is published from here")
    yield f"subgraph {prefix}[{label(name)}]"
    yield from (f"  {line}" for line in _files(prefix, jobs))
    yield from (f"  {line}" for line in arrows[:MOST_ARROWS])
    yield from (f"  {prefix}n{number}[{label(note)}]" for number, note in enumerate(notes))
    yield "end"


def _files(prefix: str, jobs: Mapping[JobKey, str]) -> Iterator[str]:
    by_file: dict[str, list[JobKey]] = {}
    for key in jobs:
        by_file.setdefault(key[0], []).append(key)
    for number, (file, keys) in enumerate(by_file.items()):
        yield f"subgraph {prefix}f{number}[{label(file)}]"
        yield from (f"  {jobs[key]}[{label(key[1])}]" for key in keys)
        yield "end"


def _arrows(prefix: str, drawing: Drawing, jobs: Mapping[JobKey, str]) -> Iterator[str]:
    for number, event in enumerate(drawing.events):
        for key in event.starts:
            if key in jobs:
                yield f"{prefix}e{number}([{label(event.text)}]) --> {jobs[key]}"
    for arrow in drawing.arrows:
        if arrow.origin in jobs and arrow.to in jobs:
            hands = f"-- {label(arrow.hands)} " if arrow.hands else ""
            yield f"{jobs[arrow.origin]} {hands}--> {jobs[arrow.to]}"
    environments = _numbered(f"{prefix}v", (each.environment or "" for each in drawing.leaving))
    registries = _numbered(f"{prefix}p", (each.registry for each in drawing.leaving))
    for each in drawing.leaving:
        if each.job in jobs:
            yield from _leaving(jobs[each.job], each, environments, registries)


def _leaving(
    job: str, leaving: Leaving, environments: Mapping[str, str], registries: Mapping[str, str]
) -> Iterator[str]:
    registry = f"{registries[leaving.registry]}[({label(leaving.registry)})]"
    if leaving.environment:
        environment = environments[leaving.environment]
        yield f"{job} --> {environment}{{{{{label(f'environment {leaving.environment}')}}}}}"
        job = environment
    yield f"{job} -- {label(leaving.credential)} --> {registry}"


def _numbered(prefix: str, names: Iterable[str]) -> dict[str, str]:
    return {name: f"{prefix}{number}" for number, name in enumerate(dict.fromkeys(names))}
