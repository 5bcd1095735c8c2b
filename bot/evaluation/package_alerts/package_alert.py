"""Groups the detected problems of a package into alerts, and resolves those that were traced."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.model.core_types import FullName, RegistryId
from bot.packages.publish_history import Observation, WatchedPackage
from bot.packages.versions import Package, TraceStatus


class PackageAlertKind(StrEnum):
    """Why there is an alert; the word stands in the issue's marker."""

    UNTRACED_VERSION = "untraced-version"  # no publish step of ours accounts for the version
    PUBLISHER_CHANGED = "publisher-changed"  # it came from another identity, or a weaker one, than those before
    PUBLISH_STEP_NOT_RUN = "publish-step-not-run"  # its run is known, and the step that publishes was skipped or failed
    BURST = "burst"  # more versions in a short time than the policy allows
    NEW_CLAIMANT = "new-claimant"  # another repository says that it publishes the package
    NEW_MAINTAINER = "new-maintainer"  # somebody new may publish the package
    UNREADABLE = "unreadable"  # the registry's answer about the package cannot be used: nobody watches it
    UNREACHABLE = "unreachable"  # the registry does not answer: nobody watches


@dataclass(frozen=True, slots=True)
class AlertThresholds:
    """What the policy in force says of a package: which kinds raise an alert, and their options."""

    kinds: frozenset[PackageAlertKind] = frozenset(PackageAlertKind)
    grace: timedelta = timedelta(minutes=15)  # until a version that nothing contradicts is untraced
    check_interval: timedelta = timedelta(minutes=5)  # between two looks at the registry
    max_versions: int = 5  # versions within `period`: one more is a burst
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


# What an account of the version ends. The others are what they are, whoever sent it: a person closes them.
CLOSED_WHEN_TRACED = frozenset({PackageAlertKind.UNTRACED_VERSION, PackageAlertKind.PUBLISH_STEP_NOT_RUN})


def raise_alerts(
    existing: Sequence[PackageAlert],
    reasons: Iterable[AlertReason],
    watched: WatchedPackage,
    thresholds: AlertThresholds,
    now: datetime,
) -> tuple[PackageAlert, ...]:
    """Return the alerts of a package that are new or have changed; nothing where all is told already.

    A trouble that an alert tells of, open or settled, is not told again. One that comes within the policy's span of an open
    alert of its kind joins it: a burst is one issue, not thirty.
    """
    alarms = list(existing)
    for trouble in reasons:
        place = next((place for place, alarm in enumerate(alarms) if _reports(alarm, trouble)), None)
        if place is None:
            _add_reason(alarms, trouble, watched, thresholds, now)
        elif alarms[place].resolved_at is None:  # more of it is known by now: it was withdrawn, the burst went on
            same = (_updated_reason(each, trouble) for each in alarms[place].reasons)
            alarms[place] = replace(alarms[place], reasons=tuple(same))
    settled = [_resolved(alarm, watched, now) for alarm in alarms]
    return tuple(alarm for alarm in settled if alarm not in existing)


def _reports(alert: PackageAlert, reason: AlertReason) -> bool:
    return alert.kind is reason.kind and any(reason.continues(each) for each in alert.reasons)


def _updated_reason(reported: AlertReason, reason: AlertReason) -> AlertReason:
    """Tell a trouble as it is known by now, by the name that it was told under; less than was told, of what is forgotten, is nothing new."""
    if not reason.continues(reported) or (reported.last_at and reason.last_at and reason.last_at <= reported.last_at):
        return reported
    return replace(reason, subject=reported.subject)


def _add_reason(
    alerts: list[PackageAlert], reason: AlertReason, watched: WatchedPackage, thresholds: AlertThresholds, now: datetime
) -> None:
    for place, alarm in enumerate(alerts):
        fits = alarm.kind is reason.kind and alarm.resolved_at is None and not alarm.closed_by_person
        if fits and reason.occurred_at - alarm.reasons[-1].occurred_at <= thresholds.period:
            alerts[place] = replace(alarm, reasons=(*alarm.reasons, reason))
            return
    package = watched.package
    alerts.append(PackageAlert(reason.kind, package, package.registry, watched.repository, now, (reason,)))


def _resolved(alert: PackageAlert, watched: WatchedPackage, now: datetime) -> PackageAlert:
    if alert.kind is PackageAlertKind.UNREADABLE and alert.resolved_at is None:  # it was read just now
        return replace(
            alert, resolved_at=now, resolution_evidence=(f"{watched.package} can be read again, and was looked at",)
        )
    if alert.resolved_at is not None or alert.kind not in CLOSED_WHEN_TRACED:
        return alert
    known = {each.label: each for each in watched.observations}
    about = [known.get(trouble.subject) for trouble in alert.reasons]
    if not all(each is not None and each.trace_status is TraceStatus.TRACED for each in about):
        return alert
    evidence = tuple(sentence for each in about if each is not None for sentence in _trace_evidence(each))
    return replace(alert, resolved_at=now, resolution_evidence=evidence)


def _trace_evidence(observation: Observation) -> Iterator[str]:
    yield f"{observation.label} is traced: {'; '.join(observation.reasons) or 'a publish step that succeeded sent it'}"
