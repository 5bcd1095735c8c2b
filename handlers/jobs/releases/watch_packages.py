"""Registries that do not answer: asked again with growing pauses, told of in an alert when it lasts, and caught up on afterwards."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from bot.evaluation.package_alerts import AlertReason, PackageAlert, PackageAlertKind
from bot.model.core_types import InstallationId, RegistryId
from bot.packages.registry_errors import RegistryBusyError, RegistryUnreachableError
from handlers.config.context import Context
from handlers.records.package_alert_store import PackageAlertStore, StoredPackageAlert
from handlers.records.watch_store import Outage, PackageWatch, WatchStore

log = logging.getLogger("wharfinger.jobs")

MIN_PAUSE, MAX_PAUSE = timedelta(seconds=30), timedelta(minutes=15)  # between two tries, doubled each time
ALERT_AFTER = timedelta(minutes=15)  # an outage that is over sooner is nobody's business


def record_registry_failure(context: Context, error: RegistryUnreachableError, now: datetime) -> datetime:
    """Note that a registry did not answer; return when it may be tried again."""
    if isinstance(error, RegistryBusyError):
        return now + timedelta(seconds=error.seconds)
    book = WatchStore(context.redis)
    before = book.outages().get(error.registry)
    if (
        before is not None and now < before.retry_at
    ):  # it was asked before we knew: the same failure, heard of once more
        return before.retry_at
    failures = before.failures + 1 if before else 1
    pause = min(MAX_PAUSE, MIN_PAUSE * 2 ** min(failures - 1, 10))
    again: datetime = now + max(pause, timedelta(seconds=error.seconds))
    if before is None:
        log.warning("%s; it is asked again at %s", error, f"{again:%H:%M:%S}")
    book.put_outage(Outage(error.registry, before.since if before else now, str(error), again, failures))
    return again


def record_registry_answer(context: Context, registry: RegistryId, now: datetime) -> None:
    """Note that a registry answers; after an outage everything that is published there is looked at now."""
    book = WatchStore(context.redis)
    if not book.clear_outage(registry):
        return
    log.warning("%s answers again", registry)
    for each in book.all():
        if each.package.registry == registry:
            book.postpone(each, now)


def update_outage_alerts(context: Context, now: datetime) -> None:
    """Raise an alert for each registry that has not answered for long, and settle those of registries that answer again."""
    book = WatchStore(context.redis)
    lasting = {each.registry: each for each in book.outages().values() if now - each.since >= ALERT_AFTER}
    watched: dict[InstallationId, dict[RegistryId, list[PackageWatch]]] = {}
    for each in book.all():
        watched.setdefault(each.installation, {}).setdefault(each.package.registry, []).append(each)
    for installation, registries in watched.items():
        for registry, watches in registries.items():
            if registry in lasting:
                _raise_outage_alert(context, installation, lasting[registry], watches, now)
        _resolve_outage_alerts(context, installation, now)


def _raise_outage_alert(
    context: Context, installation: InstallationId, outage: Outage, watches: list[PackageWatch], now: datetime
) -> None:
    claims = WatchStore(context.redis).claims(watches[0])
    if not claims:
        return
    about = f"since {outage.since:%Y-%m-%d %H:%M} UTC"
    seen = f"{outage.reason}, {about}; {len(watches)} of its packages are not watched meanwhile"
    trouble = AlertReason(PackageAlertKind.UNREACHABLE, about, seen, outage.since)
    alarm = PackageAlert(PackageAlertKind.UNREACHABLE, None, outage.registry, claims[0].full_name, now, (trouble,))
    book = PackageAlertStore(context.redis)
    if book.get(installation, alarm.key) is None:
        with context.redis.pipeline() as pipe:
            book.put(
                pipe,
                installation,
                StoredPackageAlert(alarm, claims[0].issue_repository, claims[0].full_name),
                now.timestamp(),
            )
            pipe.execute()


def _resolve_outage_alerts(context: Context, installation: InstallationId, now: datetime) -> None:
    alarms, outages = PackageAlertStore(context.redis), WatchStore(context.redis).outages()
    for alarm, _ in tuple(alarms.all(installation)):
        if alarm.kind is not PackageAlertKind.UNREACHABLE or alarm.resolved_at is not None or alarm.registry in outages:
            continue
        kept = alarms.get(installation, alarm.key)
        if kept is not None:
            evidence = (f"{alarm.registry} answers again, and what is published there was looked at",)
            settled = replace(kept, alert=replace(kept.alert, resolved_at=now, resolution_evidence=evidence))
            with context.redis.pipeline() as pipe:
                alarms.put(pipe, installation, settled, now.timestamp())
                pipe.execute()
