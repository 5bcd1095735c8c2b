"""Registries that do not answer: asked again with growing pauses, told of in an alarm when it lasts, and caught up on afterwards."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from bot.evaluation.package_alerts import Alarm, AlarmKind, Trouble
from bot.model.core_types import InstallationId, RegistryId
from bot.packages.registry_errors import RegistryBusyError, RegistryUnreachableError
from handlers.config.context import Context
from handlers.records.package_alert_store import AlarmBook, KeptAlarm
from handlers.records.watch_store import Outage, Watch, WatchBook

log = logging.getLogger("wharfinger.jobs")

SOONEST, LATEST = timedelta(seconds=30), timedelta(minutes=15)  # between two tries, doubled each time
TOLD_AFTER = timedelta(minutes=15)  # an outage that is over sooner is nobody's business


def does_not_answer(context: Context, error: RegistryUnreachableError, now: datetime) -> datetime:
    """Note that a registry did not answer; return when it may be tried again."""
    if isinstance(error, RegistryBusyError):
        return now + timedelta(seconds=error.seconds)
    book = WatchBook(context.redis)
    before = book.outages().get(error.registry)
    if before is not None and now < before.again:  # it was asked before we knew: the same failure, heard of once more
        return before.again
    failures = before.failures + 1 if before else 1
    pause = min(LATEST, SOONEST * 2 ** min(failures - 1, 10))
    again: datetime = now + max(pause, timedelta(seconds=error.seconds))
    if before is None:
        log.warning("%s; it is asked again at %s", error, f"{again:%H:%M:%S}")
    book.unreachable(Outage(error.registry, before.since if before else now, str(error), again, failures))
    return again


def answers(context: Context, registry: RegistryId, now: datetime) -> None:
    """Note that a registry answers; after an outage everything that is published there is looked at now."""
    book = WatchBook(context.redis)
    if not book.reachable(registry):
        return
    log.warning("%s answers again", registry)
    for each in book.all():
        if each.package.registry == registry:
            book.postpone(each, now)


def tell_outages(context: Context, now: datetime) -> None:
    """Raise an alarm for each registry that has not answered for long, and settle those of registries that answer again."""
    book = WatchBook(context.redis)
    lasting = {each.registry: each for each in book.outages().values() if now - each.since >= TOLD_AFTER}
    watched: dict[InstallationId, dict[RegistryId, list[Watch]]] = {}
    for each in book.all():
        watched.setdefault(each.installation, {}).setdefault(each.package.registry, []).append(each)
    for installation, registries in watched.items():
        for registry, watches in registries.items():
            if registry in lasting:
                _raise(context, installation, lasting[registry], watches, now)
        _settle(context, installation, now)


def _raise(context: Context, installation: InstallationId, outage: Outage, watches: list[Watch], now: datetime) -> None:
    claims = WatchBook(context.redis).claims(watches[0])
    if not claims:
        return
    about = f"since {outage.since:%Y-%m-%d %H:%M} UTC"
    seen = f"{outage.reason}, {about}; {len(watches)} of its packages are not watched meanwhile"
    trouble = Trouble(AlarmKind.UNREACHABLE, about, seen, outage.since)
    alarm = Alarm(AlarmKind.UNREACHABLE, None, outage.registry, claims[0].name, now, (trouble,))
    book = AlarmBook(context.redis)
    if book.get(installation, alarm.key) is None:
        with context.redis.pipeline() as pipe:
            book.put(pipe, installation, KeptAlarm(alarm, claims[0].holder, claims[0].name), now.timestamp())
            pipe.execute()


def _settle(context: Context, installation: InstallationId, now: datetime) -> None:
    alarms, outages = AlarmBook(context.redis), WatchBook(context.redis).outages()
    for alarm, _ in tuple(alarms.all(installation)):
        if alarm.kind is not AlarmKind.UNREACHABLE or alarm.settled is not None or alarm.registry in outages:
            continue
        kept = alarms.get(installation, alarm.key)
        if kept is not None:
            evidence = (f"{alarm.registry} answers again, and what is published there was looked at",)
            settled = replace(kept, alarm=replace(kept.alarm, settled=now, evidence=evidence))
            with context.redis.pipeline() as pipe:
                alarms.put(pipe, installation, settled, now.timestamp())
                pipe.execute()
