"""One look at one package: from the registry's answer to alerts. Killed in between, the next look does the same again."""

import logging
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from bot.evaluation.package_alerts import (
    AlertReason,
    PackageAlert,
    PackageAlertKind,
    changed_versions,
    delisted_versions,
    detect_alert_reasons,
    observe_listing,
    raise_alerts,
    versions_to_trace,
)
from bot.evaluation.package_alerts.observe_package import FAST_INTERVAL, FAST_INTERVAL_DURATION, next_observation
from bot.model.errors import RetryLaterError
from bot.model.findings import Unknown
from bot.packages.model import FetchedListing, PackageNotFound, UnchangedListing
from bot.packages.package_reader import read_listing
from bot.packages.publish_history import Observation, WatchedPackage
from bot.packages.registry_errors import RegistryResponseError, RegistryUnreachableError
from bot.packages.versions import PackageListing, PackageVersion, TraceStatus
from handlers.config.context import Context
from handlers.jobs.releases.senders import VersionObserver
from handlers.jobs.releases.watch_packages import ALERT_AFTER, record_registry_answer, record_registry_failure
from handlers.queue.enqueue import enqueue
from handlers.queue.job_specs import JobSpec, Priority
from handlers.records.package_alert_store import PackageAlertStore, StoredPackageAlert, write_package_alert_spec
from handlers.records.watch_store import PackageClaim, PackageWatch, WatchState, WatchStore

log = logging.getLogger("wharfinger.jobs")

SCHEDULE_SLOTS = 10  # places in the interval over which packages are spread
BASELINE_VERSIONS = (
    2  # versions that are history of which provenance is read, to know where the next one is to come from
)
TRACE_TIME_LIMIT = 45.0  # seconds in which versions are asked about; what came by the dozen is left to the next looks
NOT_LISTED = "the registry has no such package, or does not show it"


class PackageObserver:
    """Reads, judges, and keeps what was seen and the alerts that follow in one stroke; issues are written by other work."""

    def __init__(self, context: Context, watch: PackageWatch, claims: tuple[PackageClaim, ...]) -> None:
        self._context = context
        self._watch = watch
        self._claims = claims
        self._store = WatchStore(context.redis)
        self._now = context.clock()
        self._observer = VersionObserver(context, watch, claims)
        self._retry_at: datetime | None = None  # when what could not be asked for in this look can be

    def run(self) -> None:
        """Look; a registry that does not answer is noted, and what was seen before stays."""
        package, kept = self._watch.package, self._store.get_state(self._watch)
        try:
            reading = read_listing(self._context.registry_client, package, kept.known_listing, now=self._now)
        except RegistryUnreachableError as error:
            self._store.postpone(self._watch, record_registry_failure(self._context, error, self._now))
            return
        except RegistryResponseError as error:
            self._keep_error(kept, str(error))
            return
        record_registry_answer(self._context, package.registry, self._now)
        if not isinstance(reading, PackageNotFound):
            known = reading.fetched if isinstance(reading, UnchangedListing) else reading
            self._process_listing(kept, known.listing, known)
        elif kept.observed is None or not kept.observed.observations:
            self._process_listing(kept, PackageListing(package, (), Unknown("who may publish it", NOT_LISTED)), None)
        else:
            self._keep_error(kept, f"{package}: {NOT_LISTED}")  # gone, or hidden by a fault: what was seen stays

    def _keep_error(self, stored: WatchState, reason: str) -> None:
        """Keep what was seen before, and why nothing is now; when that lasts, people are told."""
        watch, now, since = self._watch, self._now, stored.since or self._now
        if stored.since is None:
            log.warning("not watched: %s", reason)
        alarms = self._unreadable_alerts(reason, since) if now - since >= ALERT_AFTER else ()
        with self._context.redis.pipeline() as pipe:
            self._store.put_state(
                pipe, watch, replace(stored, error=reason, since=since), self._next_due(stored.observed)
            )
            for each in alarms:
                PackageAlertStore(self._context.redis).put(pipe, watch.installation, each, now.timestamp())
            pipe.execute()
        enqueue(self._context.redis, [write_package_alert_spec(watch.installation, each.alert.key) for each in alarms])

    def _unreadable_alerts(self, reason: str, since: datetime) -> tuple[StoredPackageAlert, ...]:
        claim, watch, kind = self._claims[0], self._watch, PackageAlertKind.UNREADABLE
        about = f"since {since:%Y-%m-%d %H:%M} UTC"
        trouble = AlertReason(kind, about, f"{reason}, {about}", since)
        alarm = PackageAlert(kind, watch.package, watch.package.registry, claim.full_name, self._now, (trouble,))
        told = PackageAlertStore(self._context.redis).get(watch.installation, alarm.key) is not None
        return (
            ()
            if told or kind not in claim.thresholds.kinds
            else (StoredPackageAlert(alarm, claim.issue_repository, claim.full_name),)
        )

    def _process_listing(self, stored: WatchState, listing: PackageListing, known: FetchedListing | None) -> None:
        context, claim, now, watch = self._context, self._claims[0], self._now, self._watch
        before, last = stored.observed, stored.known_listing.listing if stored.known_listing else None
        more, gone = (
            changed_versions(last, listing, stored.removed_versions),
            delisted_versions(last, listing, stored.removed_versions),
        )
        new = [each for each in listing.versions if before is not None and each.number not in before.known_versions]
        after = observe_listing(
            before, listing, claim.full_name, dict(self._observations(before, listing, more)), now, more
        )
        alarms = PackageAlertStore(context.redis)
        existing = alarms.of_package(watch.installation, watch.package)
        found = raise_alerts(existing, detect_alert_reasons(after, claim.thresholds), after, claim.thresholds, now)
        if new:
            self._store.clear_announcement(watch)
        with context.redis.pipeline() as pipe:
            self._store.put_state(pipe, watch, WatchState(after, known, removed_versions=gone), self._next_due(after))
            for each in found:
                alarms.put(
                    pipe,
                    watch.installation,
                    StoredPackageAlert(each, claim.issue_repository, claim.full_name),
                    now.timestamp(),
                )
            pipe.execute()
        works = [write_package_alert_spec(watch.installation, each.key) for each in found]
        if found:  # a rule may fail by now, or hold again
            arguments = (watch.installation, claim.repository, claim.full_name)
            works.append(JobSpec("check_branch", Priority.SWEEP, f"repository-{claim.repository}", arguments))
        if before is not None and _trace_statuses(before) != _trace_statuses(after):
            works += self._observer.release_specs
        enqueue(context.redis, works)

    def _observations(
        self, before: WatchedPackage | None, listing: PackageListing, additions: Mapping[str, str]
    ) -> Iterator[tuple[str, Observation]]:
        """Yield who sent each version that this look is to ask about; what cannot be asked for now is left to the next."""
        senders, end = self._observer, time.monotonic() + TRACE_TIME_LIMIT
        sightings: Mapping[str, Observation] = (
            {each.version.number: each for each in before.observations} if before else {}
        )
        try:
            if before is None:
                yield from (
                    (each.number, senders.observe_baseline(each, self._now))
                    for each in _newest_with_provenance(listing)
                )
            for version in versions_to_trace(before, listing, self._now, additions):
                if time.monotonic() > end:
                    break
                old = sightings.get(version.number)
                earlier = _earlier_versions(listing, version)
                yield (
                    version.number,
                    senders.observe(version, earlier, old.first_seen_at if old else self._now, self._now),
                )
        except RegistryUnreachableError as error:
            self._retry_at = record_registry_failure(self._context, error, self._now)
        except RetryLaterError as error:
            log.info("%s is looked at again later: %s", self._watch.package, error)

    def _next_due(self, watched: WatchedPackage | None) -> datetime:
        if self._retry_at is not None:
            return self._retry_at
        demands = self._claims[0].thresholds
        slot = max(int(FAST_INTERVAL.total_seconds()), int(demands.check_interval.total_seconds()) // SCHEDULE_SLOTS)
        offset = zlib.crc32(self._watch.key.encode()) % SCHEDULE_SLOTS * slot
        announced = self._store.announced_at(self._watch)
        if announced is not None and self._now - announced >= FAST_INTERVAL_DURATION:
            self._store.clear_announcement(self._watch)
        return next_observation(watched, demands, announced, offset, self._now)


def _trace_statuses(watched: WatchedPackage) -> Mapping[str, TraceStatus | None]:
    return {each.version.number: each.trace_status for each in watched.observations}


def _newest_with_provenance(listing: PackageListing) -> tuple[PackageVersion, ...]:
    return tuple(
        each for each in listing.versions[-BASELINE_VERSIONS:] if each.has_provenance and each.workload is None
    )


def _earlier_versions(listing: PackageListing, version: PackageVersion) -> tuple[PackageVersion, ...]:
    """Return the versions before one; all, where it is gone."""
    numbers = [each.number for each in listing.versions]
    return listing.versions[: numbers.index(version.number) if version.number in numbers else len(numbers)]
