"""A package that is watched, as it was seen from one look to the next: what the registry keeps of it, and what became of each version."""

from dataclasses import dataclass, field
from datetime import datetime

from bot.model.core_types import FullName
from bot.model.findings import Fact, Unseen
from bot.packages.versions import Package, Standing, Version, Workload

NOT_TOLD: Fact[tuple[str, ...]] = Unseen("who may publish", "nobody has asked the registry yet")


@dataclass(frozen=True, slots=True)
class Sighting:
    """One version of a watched package: what its registry tells, and what came of asking who sent it."""

    version: Version
    seen: datetime  # by us, first
    standing: Standing | None = None  # None: it was there before we looked first; it is history and judged by nobody
    why: tuple[str, ...] = ()  # of the standing, each a sentence without its full stop
    workload: Workload | None = None  # by provenance that was verified; else by the registry's word
    attested: bool = False  # whether provenance was verified
    step: str | None = None  # what became of the step that was to publish it, where that contradicts: a sentence
    judged: datetime | None = None  # the last time
    added: str = ""  # what it was given after it was first seen: a file, or what an image's tag was moved to

    @property
    def at(self) -> datetime:
        """When it came, as far as anybody tells."""
        return self.version.published or self.seen

    @property
    def about(self) -> str:
        """Name it, and what it was given later: that is told apart from what it was before."""
        return f"{self.version.number} ({self.added})" if self.added else self.version.number

    @property
    def is_history(self) -> bool:
        """Whether it was there before the package was watched."""
        return self.standing is None


@dataclass(frozen=True, slots=True)
class Watched:
    """All that is remembered of a package between two looks at its registry."""

    package: Package
    repository: FullName  # that publishes it
    began: datetime  # the first look: what was there then is history
    looked: datetime  # the last one that was answered
    sightings: tuple[Sighting, ...] = ()  # of the newest versions, oldest first
    known: frozenset[str] = frozenset()  # numbers of all versions that were seen
    maintainers: tuple[str, ...] = ()  # who ever might publish, by the registry's words
    newcomers: tuple["Newcomer", ...] = ()  # those of them that came while it was watched
    told: Fact[tuple[str, ...]] = field(default=NOT_TOLD)  # who may publish now


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who may publish a package since it is watched."""

    name: str  # in the registry's words
    seen: datetime
