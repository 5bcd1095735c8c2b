"""From troubles to alerts: one for each kind that troubles a package, those that come shortly after one another together. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from bot.evaluation.package_alerts.package_alert import AlertReason, AlertThresholds, PackageAlert, PackageAlertKind
from bot.packages.publish_history import Observation, WatchedPackage
from bot.packages.versions import TraceStatus

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
    yield f"{observation.label} is accounted for: {'; '.join(observation.reasons) or 'a publish step that succeeded sent it'}"
