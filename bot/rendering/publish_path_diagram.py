"""The publish path as a drawing: what starts it, the jobs on the way, and where packages leave. Each picture renders this."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.detection import Publication
from bot.detection.path import JobKey, Part, PublishPath, Start, publish_path
from bot.rendering.phrases import credential
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import Trigger, Workflow

MOST_FILTERS = 5  # values of one trigger's filter that are shown

_HANDS = {Part.FEEDS: "artifact", Part.INFORMS: "outputs", Part.GATES: "", Part.CALLS: "calls", Part.PUBLISHES: ""}


@dataclass(frozen=True, slots=True)
class Arrow:
    """One job leads to another: it is needed, or calls the workflow in which the other stands."""

    origin: JobKey
    to: JobKey
    hands: str  # what of it is handed on: "artifact", "outputs", "calls", or nothing


@dataclass(frozen=True, slots=True)
class Event:
    """What starts a workflow, and the jobs that it starts first."""

    file: str
    text: str  # "push (tags v*)"
    starts: tuple[JobKey, ...]


@dataclass(frozen=True, slots=True)
class Leaving:
    """A package leaves."""

    job: JobKey
    environment: str | None
    registry: str
    credential: str
    line: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """All publish paths of a repository; its texts are the repository's own, so whoever shows them escapes them."""

    events: tuple[Event, ...]
    jobs: tuple[JobKey, ...]
    arrows: tuple[Arrow, ...]
    leaving: tuple[Leaving, ...]
    unseen: tuple[str, ...]  # why there may be more

    @property
    def publishing(self) -> tuple[JobKey, ...]:
        """The jobs from which packages leave."""
        return tuple(dict.fromkeys(each.job for each in self.leaving))

    @property
    def before(self) -> dict[JobKey, list[JobKey]]:
        """The jobs that lead straight to each job."""
        before: dict[JobKey, list[JobKey]] = {}
        for arrow in self.arrows:
            before.setdefault(arrow.to, []).append(arrow.origin)
        return before


def chain(job: JobKey, before: Mapping[JobKey, Sequence[JobKey]]) -> list[JobKey]:
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
            waiting += [(key, True), *((each, False) for each in reversed(before.get(key, [])))]
    return found


def draw(snapshot: Snapshot) -> Drawing:
    """Draw what the snapshot shows."""
    path = publish_path(snapshot.publications, snapshot.workflows, snapshot.actions)
    here = {id(publication): job.key for job in path.publishing for publication in job.publications}
    leaving = tuple(
        _leaving(publication, here.get(id(publication), (publication.file, publication.job)), snapshot)
        for publication in snapshot.publications
    )
    drawn = {job.key: job.part for job in path.jobs} | {each.job: Part.PUBLISHES for each in leaving}
    first = _first(drawn, snapshot)
    arrows = tuple(dict.fromkeys([*_needs(drawn, snapshot), *_calls(path, drawn, first)]))
    unseen = tuple(f"{each.what} was not followed: {each.reason}" for each in path.unseen)
    return Drawing(tuple(_events(path, first)), tuple(drawn), arrows, leaving, unseen)


def _leaving(publication: Publication, job: JobKey, snapshot: Snapshot) -> Leaving:
    registry = snapshot.registries[publication.registry].name
    return Leaving(job, publication.environment, registry, credential(publication), publication.line)


def _needs(drawn: Mapping[JobKey, Part], snapshot: Snapshot) -> Iterator[Arrow]:
    for file, name in drawn:
        workflow = snapshot.workflows.get(file)
        job = workflow.jobs.get(name) if workflow else None
        for need in job.needs if job else ():
            if (file, need) in drawn:
                yield Arrow((file, need), (file, name), _HANDS[drawn[file, need]])


def _calls(path: PublishPath, drawn: Mapping[JobKey, Part], first: Mapping[str, Sequence[JobKey]]) -> Iterator[Arrow]:
    """Yield what leads from a calling job to the first jobs of the workflow that it calls."""
    pairs: dict[tuple[JobKey, str], None] = {}
    for key, starts in path.starts.items():
        for start in starts:
            ways = [(workflow.path, job.id) for workflow, job in start.calls]
            files = [file for file, _ in ways[1:]] + [key[0]]
            pairs |= dict.fromkeys(zip(ways, files, strict=False))  # without calls there is no way
    for calling, file in pairs:
        if calling in drawn:
            yield from (Arrow(calling, each, "calls") for each in first.get(file, ()))


def _first(drawn: Mapping[JobKey, Part], snapshot: Snapshot) -> dict[str, list[JobKey]]:
    """Give the drawn jobs that need no other, by file."""
    found: dict[str, list[JobKey]] = {}
    for file, name in drawn:
        workflow = snapshot.workflows.get(file)
        job = workflow.jobs.get(name) if workflow else None
        if job is None or not any((file, need) in drawn and need != name for need in job.needs):
            found.setdefault(file, []).append((file, name))
    return found


def _events(path: PublishPath, first: Mapping[str, Sequence[JobKey]]) -> Iterator[Event]:
    started = {_begins(start).path: _begins(start) for starts in path.starts.values() for start in starts}
    for file, workflow in started.items():
        for trigger in workflow.triggers.values():
            yield Event(file, _trigger(trigger), tuple(first.get(file, ())))


def _begins(start: Start) -> Workflow:
    return start.calls[0][0] if start.calls else start.workflow


def _trigger(trigger: Trigger) -> str:
    filters = "; ".join(
        f"{name} {', '.join(values[:MOST_FILTERS])}{' …' if len(values) > MOST_FILTERS else ''}"
        for name, values in trigger.filters.items()
    )
    return f"{trigger.event} ({filters})" if filters else trigger.event
