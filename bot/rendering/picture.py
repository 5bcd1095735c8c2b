"""The publish path as a picture in text: trigger → jobs → environment → registry, with the credential."""

from collections.abc import Iterator

from bot.detection.path import JobKey
from bot.rendering.publish_path_diagram import Drawing, Leaving, chain, draw
from bot.snapshot.repository_snapshot import Snapshot

MOST_JOBS = 50  # of one file


def picture(snapshot: Snapshot) -> list[str]:
    """Draw each file that publishes; the lines hold repository text as it is, so they go into a block of their own."""
    drawing = draw(snapshot)
    files = dict.fromkeys(file for file, _ in drawing.publishing)
    return [*(line for file in files for line in _file(file, drawing)), *(f"… {each}" for each in drawing.unseen)]


def _file(file: str, drawing: Drawing) -> Iterator[str]:
    yield file
    here, before = [job for job in drawing.publishing if job[0] == file], drawing.before
    chains = {job: chain(job, before) for job in here[:MOST_JOBS]}
    on_the_way = {key for each in chains.values() for key in each}
    events = [event for event in drawing.events if on_the_way & set(event.starts)]
    for started in dict.fromkeys(event.file for event in events):
        texts = ", ".join(event.text for event in events if event.file == started)
        yield f"  on {texts}" if started == file else f"  on {texts}, in {started}"
    for job, each in chains.items():
        yield f"  └─ {' → '.join(_named(key, file) for key in each)}"
        yield from (f"     └─ {_end(leaving)}" for leaving in drawing.leaving if leaving.job == job)
    if len(here) > MOST_JOBS:
        yield f"  … and {len(here) - MOST_JOBS:,} more jobs"


def _end(leaving: Leaving) -> str:
    environment = f"environment {leaving.environment}" if leaving.environment else "no environment"
    return f"{environment} → {leaving.registry}, with {leaving.credential}   line {leaving.line}"


def _named(key: JobKey, file: str) -> str:
    return f"job {key[1]}" if key[0] == file else f"job {key[1]} of {key[0].rpartition('/')[2]}"
