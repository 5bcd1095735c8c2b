"""A package that is watched, as it was seen from one look to the next: what the registry keeps of it, and what became of each version."""

from dataclasses import dataclass, field
from datetime import datetime

from bot.model.core_types import FullName
from bot.model.findings import MaybeKnown, Unknown
from bot.packages.versions import Package, PackageVersion, TraceStatus, Workload

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


@dataclass(frozen=True, slots=True)
class NewMaintainer:
    """Somebody who may publish a package since it is watched."""

    name: str  # in the registry's words
    first_seen_at: datetime
