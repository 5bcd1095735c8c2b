"""One look at one package: from the registry's answer to alarms. Killed in between, the next look does the same again."""

import logging
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from bot.evaluation.package_alerts import (
    Alarm,
    AlarmKind,
    Trouble,
    changed,
    look,
    missing,
    raised,
    to_judge,
    troubles,
)
from bot.evaluation.package_alerts.observe_package import CLOSE, CLOSELY_FOR, next_look
from bot.model.errors import LaterError
from bot.model.findings import Unseen
from bot.packages.model import Known, NotThere, Unchanged
from bot.packages.package_reader import read_listing
from bot.packages.publish_history import Sighting, Watched
from bot.packages.registry_errors import RegistryAnswerError, RegistryUnreachableError
from bot.packages.versions import Listing, Standing, Version
from handlers.config.context import Context
from handlers.jobs.releases.senders import Senders
from handlers.jobs.releases.watch_packages import TOLD_AFTER, answers, does_not_answer
from handlers.queue.enqueue import enqueue
from handlers.queue.job_specs import Priority, Work
from handlers.records.package_alert_store import AlarmBook, KeptAlarm, alarm_work
from handlers.records.watch_store import Claim, Kept, Watch, WatchBook

log = logging.getLogger("wharfinger.jobs")

SLOTS = 10  # places in the interval over which packages are spread
BASELINE = 2  # versions that are history of which provenance is read, to know where the next one is to come from
BUDGET = 45.0  # seconds in which versions are asked about; what came by the dozen is left to the next looks
NOT_LISTED = "the registry has no such package, or does not show it"


class Look:
    """Reads, judges, and keeps what was seen and the alarms that follow in one stroke; issues are written by other work."""

    def __init__(self, context: Context, watch: Watch, claims: tuple[Claim, ...]) -> None:
        self._context = context
        self._watch = watch
        self._claims = claims
        self._book = WatchBook(context.redis)
        self._now = context.clock()
        self._senders = Senders(context, watch, claims)
        self._again: datetime | None = None  # when what could not be asked for in this look can be

    def do(self) -> None:
        """Look; a registry that does not answer is noted, and what was seen before stays."""
        package, kept = self._watch.package, self._book.kept(self._watch)
        try:
            reading = read_listing(self._context.registries, package, kept.known, now=self._now)
        except RegistryUnreachableError as error:
            self._book.postpone(self._watch, does_not_answer(self._context, error, self._now))
            return
        except RegistryAnswerError as error:
            self._not_read(kept, str(error))
            return
        answers(self._context, package.registry, self._now)
        if not isinstance(reading, NotThere):
            known = reading.known if isinstance(reading, Unchanged) else reading
            self._take_up(kept, known.listing, known)
        elif kept.watched is None or not kept.watched.sightings:
            self._take_up(kept, Listing(package, (), Unseen("who may publish it", NOT_LISTED)), None)
        else:
            self._not_read(kept, f"{package}: {NOT_LISTED}")  # gone, or hidden by a fault: what was seen stays

    def _not_read(self, kept: Kept, why: str) -> None:
        """Keep what was seen before, and why nothing is now; when that lasts, people are told."""
        watch, now, since = self._watch, self._now, kept.since or self._now
        if kept.since is None:
            log.warning("not watched: %s", why)
        alarms = self._unreadable(why, since) if now - since >= TOLD_AFTER else ()
        with self._context.redis.pipeline() as pipe:
            self._book.keep(pipe, watch, replace(kept, fault=why, since=since), self._next(kept.watched))
            for each in alarms:
                AlarmBook(self._context.redis).put(pipe, watch.installation, each, now.timestamp())
            pipe.execute()
        enqueue(self._context.redis, [alarm_work(watch.installation, each.alarm.key) for each in alarms])

    def _unreadable(self, why: str, since: datetime) -> tuple[KeptAlarm, ...]:
        claim, watch, kind = self._claims[0], self._watch, AlarmKind.UNREADABLE
        about = f"since {since:%Y-%m-%d %H:%M} UTC"
        trouble = Trouble(kind, about, f"{why}, {about}", since)
        alarm = Alarm(kind, watch.package, watch.package.registry, claim.name, self._now, (trouble,))
        told = AlarmBook(self._context.redis).get(watch.installation, alarm.key) is not None
        return () if told or kind not in claim.demands.kinds else (KeptAlarm(alarm, claim.holder, claim.name),)

    def _take_up(self, kept: Kept, listing: Listing, known: Known | None) -> None:
        context, claim, now, watch = self._context, self._claims[0], self._now, self._watch
        before, last = kept.watched, kept.known.listing if kept.known else None
        more, gone = changed(last, listing, kept.gone), missing(last, listing, kept.gone)
        new = [each for each in listing.versions if before is not None and each.number not in before.known]
        after = look(before, listing, claim.name, dict(self._judged(before, listing, more)), now, more)
        alarms = AlarmBook(context.redis)
        existing = alarms.of(watch.installation, watch.package)
        found = raised(existing, troubles(after, claim.demands), after, claim.demands, now)
        if new:
            self._book.arrived(watch)
        with context.redis.pipeline() as pipe:
            self._book.keep(pipe, watch, Kept(after, known, gone=gone), self._next(after))
            for each in found:
                alarms.put(pipe, watch.installation, KeptAlarm(each, claim.holder, claim.name), now.timestamp())
            pipe.execute()
        works = [alarm_work(watch.installation, each.key) for each in found]
        if found:  # a rule may fail by now, or hold again
            arguments = (watch.installation, claim.repository, claim.name)
            works.append(Work("check_branch", Priority.SWEEP, f"repository-{claim.repository}", arguments))
        if before is not None and _standings(before) != _standings(after):
            works += self._senders.releases
        enqueue(context.redis, works)

    def _judged(
        self, before: Watched | None, listing: Listing, more: Mapping[str, str]
    ) -> Iterator[tuple[str, Sighting]]:
        """Yield who sent each version that this look is to ask about; what cannot be asked for now is left to the next."""
        senders, end = self._senders, time.monotonic() + BUDGET
        sightings: Mapping[str, Sighting] = {each.version.number: each for each in before.sightings} if before else {}
        try:
            if before is None:
                yield from ((each.number, senders.history(each, self._now)) for each in _newest_proven(listing))
            for version in to_judge(before, listing, self._now, more):
                if time.monotonic() > end:
                    break
                old = sightings.get(version.number)
                earlier = _before(listing, version)
                yield version.number, senders.sighting(version, earlier, old.seen if old else self._now, self._now)
        except RegistryUnreachableError as error:
            self._again = does_not_answer(self._context, error, self._now)
        except LaterError as error:
            log.info("%s is looked at again later: %s", self._watch.package, error)

    def _next(self, watched: Watched | None) -> datetime:
        if self._again is not None:
            return self._again
        demands = self._claims[0].demands
        slot = max(int(CLOSE.total_seconds()), int(demands.every.total_seconds()) // SLOTS)
        offset = zlib.crc32(self._watch.key.encode()) % SLOTS * slot
        announced = self._book.announced(self._watch)
        if announced is not None and self._now - announced >= CLOSELY_FOR:
            self._book.arrived(self._watch)
        return next_look(watched, demands, announced, offset, self._now)


def _standings(watched: Watched) -> Mapping[str, Standing | None]:
    return {each.version.number: each.standing for each in watched.sightings}


def _newest_proven(listing: Listing) -> tuple[Version, ...]:
    return tuple(each for each in listing.versions[-BASELINE:] if each.provenance and each.workload is None)


def _before(listing: Listing, version: Version) -> tuple[Version, ...]:
    """Return the versions before one; all, where it is gone."""
    numbers = [each.number for each in listing.versions]
    return listing.versions[: numbers.index(version.number) if version.number in numbers else len(numbers)]
