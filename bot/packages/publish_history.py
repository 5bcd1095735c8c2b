"""Compares a package's versions over time to find bursts and publisher changes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.model.core_types import FullName
from bot.model.findings import MaybeKnown, Unknown, join_names
from bot.packages.versions import (
    TOKEN_SETTING_NOT_TOLD,
    Package,
    PackageVersion,
    PublisherKind,
    TraceStatus,
    Workload,
)

MAINTAINERS_NOT_READ: MaybeKnown[tuple[str, ...]] = Unknown("who may publish", "nobody has asked the registry yet")


@dataclass(frozen=True, slots=True)
class Observation:
    """One version of a watched package: what its registry tells, and what came of asking who sent it."""

    version: PackageVersion
    first_seen_at: datetime  # by us, first
    trace_status: TraceStatus | None = (
        None  # None: it was there before we looked first; it is history and judged by nobody
    )
    reasons: tuple[str, ...] = ()  # of the standing, each a sentence without its full stop
    workload: Workload | None = None  # by provenance that was verified; else by the registry's word
    attested: bool = False  # whether provenance was verified
    publish_step_problem: str | None = (
        None  # what became of the step that was to publish it, where that contradicts: a sentence
    )
    traced_at: datetime | None = None  # the last time
    later_addition: str = ""  # what it was given after it was first seen: a file, or what an image's tag was moved to

    @property
    def published_or_seen_at(self) -> datetime:
        """When it came, as far as anybody tells."""
        return self.version.published_at or self.first_seen_at

    @property
    def label(self) -> str:
        """Name it, and what it was given later: that is told apart from what it was before."""
        return f"{self.version.number} ({self.later_addition})" if self.later_addition else self.version.number

    @property
    def predates_watch(self) -> bool:
        """Whether it was there before the package was watched."""
        return self.trace_status is None


@dataclass(frozen=True, slots=True)
class WatchedPackage:
    """All that is remembered of a package between two looks at its registry."""

    package: Package
    repository: FullName  # that publishes it
    watched_since: datetime  # the first look: what was there then is history
    last_read_at: datetime  # the last one that was answered
    observations: tuple[Observation, ...] = ()  # of the newest versions, oldest first
    known_versions: frozenset[str] = frozenset()  # numbers of all versions that were seen
    known_maintainers: tuple[str, ...] = ()  # who ever might publish, by the registry's words
    new_maintainers: tuple["NewMaintainer", ...] = ()  # those of them that came while it was watched
    current_maintainers: MaybeKnown[tuple[str, ...]] = field(default=MAINTAINERS_NOT_READ)  # who may publish now
    roles: Mapping[str, str] = field(default_factory=dict)  # of those, where the registry tells
    tokens_refused: MaybeKnown[bool] = TOKEN_SETTING_NOT_TOLD  # whether only trusted publishers may publish


@dataclass(frozen=True, slots=True)
class NewMaintainer:
    """Somebody who may publish a package since it is watched."""

    name: str  # in the registry's words
    first_seen_at: datetime


def find_bursts(
    observations: Sequence[Observation], max_versions: int, within: timedelta
) -> tuple[tuple[Observation, ...], ...]:
    """Return the runs of more than `most` versions that came within a time of each other, each run as long as it goes on.

    Only versions count of which the registry says when they came: others are seen by the dozen at one look. Tags of one image
    are one version, the first of them.
    """
    first: dict[str, Observation] = {}
    for each in sorted(
        (each for each in observations if each.version.published_at is not None),
        key=lambda each: each.published_or_seen_at,
    ):
        first.setdefault(_content_key(each), each)
    ordered = tuple(first.values())
    found: list[tuple[int, int]] = []
    start = 0
    for end, each in enumerate(ordered):
        while each.published_or_seen_at - ordered[start].published_or_seen_at > within:
            start += 1
        if end - start < max_versions:
            continue
        if found and found[-1][1] >= start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return tuple(tuple(ordered[first : last + 1]) for first, last in found)


def _content_key(observation: Observation) -> str:
    """Say what a version is: its only file's digest, or its number."""
    digests = [digest for file in observation.version.files for digest in file.digests.values()]
    return digests[0] if len(observation.version.files) == 1 and digests else observation.version.number


COMPARED_VERSIONS = 5  # versions before it that a version is held against


def publisher_changes(observations: Sequence[Observation], number: str, repository: FullName) -> tuple[str, ...]:
    """Say in which ways a version's identity stepped back from those of the versions before it; nothing where it did not.

    `sightings` are oldest first; `repository` is the one that publishes the package, for a version that has none before it.
    What is withdrawn is no example for others, and what a registry does not tell is no step.
    """
    place = next((place for place, each in enumerate(observations) if each.version.number == number), None)
    if place is None:
        return ()
    before = [each for each in observations[:place] if not each.version.withdrawn][-COMPARED_VERSIONS:]
    return tuple(_publisher_differences(observations[place], before, repository))


def _publisher_differences(new: Observation, earlier: Sequence[Observation], repository: FullName) -> Iterator[str]:
    trusted = [
        each.version.number for each in earlier if each.version.publisher_kind is PublisherKind.TRUSTED_PUBLISHER
    ]
    if new.version.publisher_kind is PublisherKind.ACCOUNT and trusted:
        by = f" of {new.version.published_by}" if new.version.published_by else ""
        yield f"{new.version.number} came with a token or password{by}; {_last_of(trusted)} from a trusted publisher"
    proven = [each.version.number for each in earlier if each.version.has_provenance]
    if new.version.has_provenance is False and proven:
        yield f"{new.version.number} has no provenance; {_last_of(proven, 'had')} it"
    if new.workload is not None:
        yield from _workflow_differences(new.version.number, new.workload, earlier, repository)
        yield from _environment_differences(new, new.workload.environment, earlier)


def _workflow_differences(
    number: str, workload: Workload, earlier: Sequence[Observation], repository: FullName
) -> Iterator[str]:
    """Yield where a run of another repository or another workflow than before sent a version."""
    known = [each.workload for each in earlier if each.workload is not None]
    repositories = {each.repository.lower() for each in known if each.repository} or {repository.lower()}
    own = repository.lower()  # the name that it has now: it may have been renamed
    if workload.repository is not None and workload.repository.lower() not in {own, *repositories}:
        yield f"{number} came from the repository {workload.repository}; those before it from {join_names(sorted(repositories))}"
        return
    workflows = {each.workflow for each in known if each.workflow}
    if workflows and workload.workflow not in {None, *workflows}:
        yield f"{number} came from the workflow {workload.workflow}; those before it from {join_names(sorted(workflows))}"


def _environment_differences(
    new: Observation, environment: str | None, earlier: Sequence[Observation]
) -> Iterator[str]:
    """Yield that a version came from another environment than before, or none, and so past its reviewers and its gate.

    Only what was attested tells whether there was one at all.
    """
    known = [each.workload.environment for each in earlier if each.attested and each.workload is not None]
    names = {name.casefold(): name for name in known if name}
    if new.attested and known and all(known) and (environment or "").casefold() not in names:
        here = f"the environment {environment}" if environment else "no environment"
        yield f"{new.version.number} came from {here}; those before it from {join_names(sorted(names.values()))}"


def _last_of(numbers: Sequence[str], verb: str = "came") -> str:
    return f"{numbers[-1]}, before it, {verb}"
