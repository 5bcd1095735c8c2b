"""The publish path as a picture in text: trigger → jobs → environment → registry, with the credential."""

from collections.abc import Iterator

from bot.detection.path import JobKey
from bot.rendering.publish_path_diagram import DiagramPublication, PublishPathDiagram, build_diagram, job_chain
from bot.snapshot.repository_snapshot import Snapshot

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
