"""The publish path as a picture in text: trigger → jobs → environment → registry, with the credential."""

from collections.abc import Iterator

from bot.evaluate import Report
from bot.publications import Publication
from bot.reports.words import credential
from bot.repository import Snapshot
from bot.workflows import Trigger, Workflow

MOST_FILTERS = 5  # values of one trigger's filter that are shown


def picture(report: Report) -> list[str]:
    """Draw each file that publishes; the lines hold repository text as it is, so they go into a block of their own."""
    snapshot = report.snapshot
    files = dict.fromkeys(publication.file for publication in snapshot.publications)
    return [line for file in files for line in _file(file, snapshot)]


def _file(file: str, snapshot: Snapshot) -> Iterator[str]:
    workflow = snapshot.workflows.get(file)
    yield file
    if workflow is not None:
        yield f"  on {', '.join(_trigger(trigger) for trigger in workflow.triggers.values())}"
    jobs: dict[str, list[Publication]] = {}
    for publication in snapshot.publications:
        if publication.file == file:
            jobs.setdefault(publication.job, []).append(publication)
    for job, publications in jobs.items():
        chain = " → ".join(_chain(job, workflow)) if workflow else job
        yield f"  └─ {chain}"
        for publication in publications:
            yield f"     └─ {_end(publication, snapshot)}"


def _end(publication: Publication, snapshot: Snapshot) -> str:
    environment = f"environment {publication.environment}" if publication.environment else "no environment"
    registry = snapshot.registries[publication.registry].name
    return f"{environment} → {registry}, with {credential(publication)}   line {publication.line}"


def _chain(job: str, workflow: Workflow) -> list[str]:
    """List the jobs that must end well before this one, earliest first, and the job itself."""
    chain: list[str] = []
    seen: set[str] = set()
    waiting: list[tuple[str, bool]] = [(job, False)]
    while waiting:  # not recursive: a hostile workflow may need a thousand jobs in a row, or itself
        name, done = waiting.pop()
        if done:
            chain.append(name)
        elif name in workflow.jobs and name not in seen:
            seen.add(name)
            needs = workflow.jobs[name].needs
            waiting += [(name, True), *((need, False) for need in reversed(needs))]
    return [f"job {name}" for name in chain]


def _trigger(trigger: Trigger) -> str:
    filters = "; ".join(
        f"{name} {', '.join(values[:MOST_FILTERS])}{' …' if len(values) > MOST_FILTERS else ''}"
        for name, values in trigger.filters.items()
    )
    return f"{trigger.event} ({filters})" if filters else trigger.event
