"""An alarm: what was seen of a published version that people have to look at, at once."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.model.core_types import FullName, RegistryId
from bot.packages.versions import Package


class AlarmKind(StrEnum):
    """Why there is an alarm; the word stands in the issue's marker."""

    UNACCOUNTED = "unaccounted"  # no publish step of ours accounts for the version
    STEPPED_BACK = "publisher-changed"  # it came from another identity, or a weaker one, than those before
    STEP_NOT_DONE = "publish-step-not-run"  # its run is known, and the step that publishes was skipped or failed
    BURST = "burst"  # more versions in a short time than the policy allows
    NEWCOMER = "newcomer"  # somebody new may publish the package
    UNREADABLE = "unreadable"  # the registry's answer about the package cannot be used: nobody watches it
    UNREACHABLE = "unreachable"  # the registry does not answer: nobody watches


@dataclass(frozen=True, slots=True)
class Demands:
    """What the policy in force says of a package: which kinds raise an alarm, and their options."""

    kinds: frozenset[AlarmKind] = frozenset(AlarmKind)
    grace: timedelta = timedelta(minutes=15)  # until a version that nothing contradicts is unaccounted
    every: timedelta = timedelta(minutes=5)  # between two looks at the registry
    most: int = 5  # versions within `within`: one more is a burst
    within: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Trouble:
    """One reason for an alarm, as it was seen; the same facts give the same trouble at each look."""

    kind: AlarmKind
    about: str  # the version's number, with what it was given later; or the newcomer's name
    seen: str  # what was seen: one sentence without its full stop
    at: datetime
    evidence: tuple[str, ...] = ()  # what is known beside it, each a sentence without its full stop
    since: datetime | None = None  # of a burst: when the first of its versions came that is remembered
    until: datetime | None = None  # and when the last one did

    def goes_on(self, told: "Trouble") -> bool:
        """Whether it is what was told before: a burst may go on for longer than its first versions are remembered."""
        if self.since is None or told.until is None:
            return self.about == told.about
        return told.until >= self.since

    @property
    def number(self) -> str:
        """The number alone, of a version: no registry's holds a space."""
        return self.about.partition(" ")[0]


@dataclass(frozen=True, slots=True)
class Alarm:
    """What one issue tells of: a package, a kind, and the troubles of that kind that came shortly after one another."""

    kind: AlarmKind
    package: Package | None  # None: of a whole registry
    registry: RegistryId
    repository: FullName  # that publishes the package; of a whole registry, one that publishes there
    raised: datetime
    troubles: tuple[Trouble, ...] = ()  # oldest first
    settled: datetime | None = None  # when each was accounted for
    evidence: tuple[str, ...] = ()  # with which it is settled, each a sentence
    closed: bool = False  # by a person, in GitHub: nothing is added to it any more

    @property
    def is_open(self) -> bool:
        """Whether people still have to look at it."""
        return self.settled is None and not self.closed

    @property
    def key(self) -> str:
        """Name it in plain letters, the same for ever: its kind, registry, package and first trouble."""
        first = self.troubles[0].about if self.troubles else ""
        about = f"{self.registry}\0{self.package.name if self.package else ''}\0{first}"
        return f"{self.kind}-{hashlib.sha256(about.encode(errors='replace')).hexdigest()[:24]}"
