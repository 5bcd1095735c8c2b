"""An alert: what was seen of a published version that people have to look at, at once."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.model.core_types import FullName, RegistryId
from bot.packages.versions import Package


class PackageAlertKind(StrEnum):
    """Why there is an alert; the word stands in the issue's marker."""

    UNTRACED_VERSION = "unaccounted"  # no publish step of ours accounts for the version
    PUBLISHER_CHANGED = "publisher-changed"  # it came from another identity, or a weaker one, than those before
    PUBLISH_STEP_NOT_RUN = "publish-step-not-run"  # its run is known, and the step that publishes was skipped or failed
    BURST = "burst"  # more versions in a short time than the policy allows
    NEW_MAINTAINER = "newcomer"  # somebody new may publish the package
    UNREADABLE = "unreadable"  # the registry's answer about the package cannot be used: nobody watches it
    UNREACHABLE = "unreachable"  # the registry does not answer: nobody watches


@dataclass(frozen=True, slots=True)
class AlertThresholds:
    """What the policy in force says of a package: which kinds raise an alert, and their options."""

    kinds: frozenset[PackageAlertKind] = frozenset(PackageAlertKind)
    grace: timedelta = timedelta(minutes=15)  # until a version that nothing contradicts is unaccounted
    check_interval: timedelta = timedelta(minutes=5)  # between two looks at the registry
    max_versions: int = 5  # versions within `within`: one more is a burst
    period: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class AlertReason:
    """One reason for an alert, as it was seen; the same facts give the same trouble at each look."""

    kind: PackageAlertKind
    subject: str  # the version's number, with what it was given later; or the newcomer's name
    description: str  # what was seen: one sentence without its full stop
    occurred_at: datetime
    evidence: tuple[str, ...] = ()  # what is known beside it, each a sentence without its full stop
    first_at: datetime | None = None  # of a burst: when the first of its versions came that is remembered
    last_at: datetime | None = None  # and when the last one did

    def continues(self, earlier: "AlertReason") -> bool:
        """Whether it is what was told before: a burst may go on for longer than its first versions are remembered."""
        if self.first_at is None or earlier.last_at is None:
            return self.subject == earlier.subject
        return earlier.last_at >= self.first_at

    @property
    def version_number(self) -> str:
        """The number alone, of a version: no registry's holds a space."""
        return self.subject.partition(" ")[0]


@dataclass(frozen=True, slots=True)
class PackageAlert:
    """What one issue tells of: a package, a kind, and the troubles of that kind that came shortly after one another."""

    kind: PackageAlertKind
    package: Package | None  # None: of a whole registry
    registry: RegistryId
    repository: FullName  # that publishes the package; of a whole registry, one that publishes there
    raised_at: datetime
    reasons: tuple[AlertReason, ...] = ()  # oldest first
    resolved_at: datetime | None = None  # when each was accounted for
    resolution_evidence: tuple[str, ...] = ()  # with which it is settled, each a sentence
    closed_by_person: bool = False  # by a person, in GitHub: nothing is added to it any more

    @property
    def is_open(self) -> bool:
        """Whether people still have to look at it."""
        return self.resolved_at is None and not self.closed_by_person

    @property
    def key(self) -> str:
        """Name it in plain letters, the same for ever: its kind, registry, package and first trouble."""
        first = self.reasons[0].subject if self.reasons else ""
        about = f"{self.registry}\0{self.package.name if self.package else ''}\0{first}"
        return f"{self.kind}-{hashlib.sha256(about.encode(errors='replace')).hexdigest()[:24]}"
