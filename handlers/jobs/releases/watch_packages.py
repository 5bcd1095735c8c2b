"""Watches packages at their registries and writes package alerts as GitHub issues."""

import logging
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.evaluation.package_alerts import (
    AlertReason,
    PackageAlert,
    PackageAlertKind,
    changed_versions,
    delisted_versions,
    detect_alert_reasons,
    observe_listing,
    raise_alerts,
    thresholds_of,
    versions_to_trace,
)
from bot.evaluation.package_alerts.observe_package import FAST_INTERVAL, FAST_INTERVAL_DURATION, next_observation
from bot.github.commit_state import CommitReader
from bot.github.github_errors import AccessError, InstallationError, RefusedError, TooLargeError
from bot.github.issues import AppIssue, AppIssues
from bot.json_access import get_objects, get_str
from bot.model.core_types import FullName, InstallationId, RegistryId, RepositoryId
from bot.model.errors import RetryLaterError
from bot.model.findings import Known, Unknown
from bot.packages.http_client import RegistryBusyError, RegistryResponseError, RegistryUnreachableError
from bot.packages.manifests import find_published_packages
from bot.packages.package_reader import read_listing
from bot.packages.publish_history import Observation, WatchedPackage
from bot.packages.versions import (
    FetchedListing,
    Package,
    PackageListing,
    PackageNotFound,
    PackageVersion,
    TraceStatus,
    UnchangedListing,
)
from bot.policy import Policy
from bot.rendering.alert import PackageAlertText, render_package_alert, render_package_alert_update
from bot.rendering.markdown import PACKAGE_ALERT_ISSUE, HiddenMetadata, text_fingerprint
from bot.rendering.notification import package_notification
from bot.snapshot.repository_snapshot import Snapshot
from handlers.cache.repository_listings import UnresolvedPackageStore
from handlers.config.context import Context
from handlers.jobs.notifications import notify
from handlers.jobs.releases.trace_versions import VersionObserver, sort_claims
from handlers.jobs.snapshot_reader import published_packages
from handlers.queue.enqueue import enqueue, enqueue_all
from handlers.queue.job_spec import JobSpec
from handlers.queue.job_specs import (
    CheckAfterRun,
    CheckBranch,
    CheckDuePackages,
    CheckPackage,
    ExpectVersions,
    WritePackageAlert,
)
from handlers.records.outbox import outbox_of
from handlers.records.package_alert_store import PackageAlertIssue, PackageAlertStore, StoredPackageAlert
from handlers.records.report_store import ReportStore
from handlers.records.watch_store import Outage, PackageClaim, PackageWatch, WatchState, WatchStore

log = logging.getLogger("wharfinger.jobs")

MIN_PAUSE, MAX_PAUSE = timedelta(seconds=30), timedelta(minutes=15)  # between two tries, doubled each time
ALERT_AFTER = timedelta(minutes=15)  # an outage that is over sooner is nobody's business


def record_registry_failure(context: Context, error: RegistryUnreachableError, now: datetime) -> datetime:
    """Record that a registry did not answer; return when it may be tried again."""
    if isinstance(error, RegistryBusyError):
        return now + timedelta(seconds=error.seconds)
    store = WatchStore(context.records)
    before = store.outages().get(error.registry)
    if (
        before is not None and now < before.retry_at
    ):  # it was asked before we knew: the same failure, heard of once more
        return before.retry_at
    failures = before.failures + 1 if before else 1
    pause = min(MAX_PAUSE, MIN_PAUSE * 2 ** min(failures - 1, 10))
    again: datetime = now + max(pause, timedelta(seconds=error.seconds))
    if before is None:
        log.warning("%s; it is asked again at %s", error, f"{again:%H:%M:%S}")
    store.put_outage(Outage(error.registry, before.since if before else now, str(error), again, failures))
    return again


def record_registry_answer(context: Context, registry: RegistryId, now: datetime) -> None:
    """Record that a registry answers; after an outage all packages there are due at once."""
    store = WatchStore(context.records)
    if not store.clear_outage(registry):
        return
    log.warning("%s answers again", registry)
    for each in store.all():
        if each.package.registry == registry:
            store.postpone(each, now)


def update_outage_alerts(context: Context, now: datetime) -> None:
    """Raise an alert for each registry that has not answered for long, and resolve those of registries that answer again."""
    store = WatchStore(context.records)
    lasting = {each.registry: each for each in store.outages().values() if now - each.since >= ALERT_AFTER}
    watched: dict[InstallationId, dict[RegistryId, list[PackageWatch]]] = {}
    for each in store.all():
        watched.setdefault(each.installation, {}).setdefault(each.package.registry, []).append(each)
    for installation, registries in watched.items():
        for registry, watches in registries.items():
            if registry in lasting:
                _raise_outage_alert(context, installation, lasting[registry], watches, now)
        _resolve_outage_alerts(context, installation, now)


def _raise_outage_alert(
    context: Context, installation: InstallationId, outage: Outage, watches: list[PackageWatch], now: datetime
) -> None:
    claims = WatchStore(context.records).claims(watches[0])
    if not claims:
        return
    about = f"since {outage.since:%Y-%m-%d %H:%M} UTC"
    seen = f"{outage.reason}, {about}; {len(watches)} of its packages are not watched meanwhile"
    reason = AlertReason(PackageAlertKind.UNREACHABLE, about, seen, outage.since)
    alert = PackageAlert(PackageAlertKind.UNREACHABLE, None, outage.registry, claims[0].full_name, now, (reason,))
    alerts = PackageAlertStore(context.records)
    if alerts.get(installation, alert.key) is None:
        stored = StoredPackageAlert(alert, claims[0].issue_repository, claims[0].full_name)
        alerts.put(installation, stored, now.timestamp())


def _resolve_outage_alerts(context: Context, installation: InstallationId, now: datetime) -> None:
    alerts, outages = PackageAlertStore(context.records), WatchStore(context.records).outages()
    for alert, _ in tuple(alerts.all(installation)):
        if alert.kind is not PackageAlertKind.UNREACHABLE or alert.resolved_at is not None or alert.registry in outages:
            continue
        stored = alerts.get(installation, alert.key)
        if stored is not None:
            evidence = (f"{alert.registry} answers again, and what is published there was looked at",)
            resolved = replace(stored, alert=replace(stored.alert, resolved_at=now, resolution_evidence=evidence))
            alerts.put(installation, resolved, now.timestamp())


SCHEDULE_SLOTS = 10  # places in the interval over which packages are spread
BASELINE_VERSIONS = (
    2  # versions that are history of which provenance is read, to know where the next one is to come from
)
TRACE_TIME_LIMIT = 45.0  # seconds in which versions are asked about; what came by the dozen is left to the next looks
NOT_LISTED = "the registry has no such package, or does not show it"


class PackageObserver:
    """Observes a package, and stores the observation and its alerts in one transaction; other jobs write the issues."""

    def __init__(self, context: Context, watch: PackageWatch, claims: tuple[PackageClaim, ...]) -> None:
        self._context = context
        self._watch = watch
        self._store = WatchStore(context.records)
        claimants = sort_claims(claims, self._store.get_state(watch).observed)
        self._claims, self._others = claimants.entitled, claimants.others
        self._now = context.clock()
        self._observer = VersionObserver(context, watch, self._claims)
        self._retry_at: datetime | None = None  # when what could not be asked for in this look can be

    def run(self) -> None:
        """Observe the package; if its registry does not answer, that is recorded, and earlier observations stay."""
        package, stored = self._watch.package, self._store.get_state(self._watch)
        try:
            answer = read_listing(self._context.registry_client, package, stored.known_listing, now=self._now)
        except RegistryUnreachableError as error:
            self._store.postpone(self._watch, record_registry_failure(self._context, error, self._now))
            return
        except RegistryResponseError as error:
            self._keep_error(stored, str(error))
            return
        record_registry_answer(self._context, package.registry, self._now)
        if not isinstance(answer, PackageNotFound):
            known = answer.fetched if isinstance(answer, UnchangedListing) else answer
            self._process_listing(stored, known.listing, known)
        elif stored.observed is None or not stored.observed.observations:
            self._process_listing(stored, PackageListing(package, (), Unknown("who may publish it", NOT_LISTED)), None)
        else:
            self._keep_error(stored, f"{package}: {NOT_LISTED}")  # gone, or hidden by a fault: what was seen stays

    def _keep_error(self, stored: WatchState, reason: str) -> None:
        """Keep the earlier observations, and store why there is no new one; if that lasts, an alert is raised."""
        watch, now, since = self._watch, self._now, stored.since or self._now
        if stored.since is None:
            log.warning("not watched: %s", reason)
        alerts = self._unreadable_alerts(reason, since) if now - since >= ALERT_AFTER else ()
        with outbox_of(self._context).transaction() as jobs:
            self._store.put_state(watch, replace(stored, error=reason, since=since), self._next_due(stored.observed))
            for each in alerts:
                PackageAlertStore(self._context.records).put(watch.installation, each, now.timestamp())
            jobs.extend(WritePackageAlert(watch.installation, each.alert.key) for each in alerts)

    def _unreadable_alerts(self, reason: str, since: datetime) -> tuple[StoredPackageAlert, ...]:
        claim, watch, kind = self._claims[0], self._watch, PackageAlertKind.UNREADABLE
        about = f"since {since:%Y-%m-%d %H:%M} UTC"
        alert_reason = AlertReason(kind, about, f"{reason}, {about}", since)
        alert = PackageAlert(kind, watch.package, watch.package.registry, claim.full_name, self._now, (alert_reason,))
        is_raised = PackageAlertStore(self._context.records).get(watch.installation, alert.key) is not None
        return (
            ()
            if is_raised or kind not in claim.thresholds.kinds
            else (StoredPackageAlert(alert, claim.issue_repository, claim.full_name),)
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
        store = PackageAlertStore(context.records)
        existing = store.of_package(watch.installation, watch.package)
        others = {each.full_name: each.claimed_at for each in self._others}
        reasons = detect_alert_reasons(after, claim.thresholds, others)
        alerts = raise_alerts(existing, reasons, after, claim.thresholds, now)
        with outbox_of(context).transaction() as jobs:
            if new:
                self._store.clear_announcement(watch)
            self._store.put_state(watch, WatchState(after, known, removed_versions=gone), self._next_due(after))
            for each in alerts:
                store.put(
                    watch.installation,
                    StoredPackageAlert(each, claim.issue_repository, claim.full_name),
                    now.timestamp(),
                )
            jobs.extend(WritePackageAlert(watch.installation, each.key) for each in alerts)
            if alerts:  # a rule may fail by now, or pass again
                jobs.append(CheckBranch(watch.installation, claim.repository, claim.full_name))
            if before is not None and _trace_statuses(before) != _trace_statuses(after):
                jobs.extend(self._observer.release_specs)

    def _observations(
        self, before: WatchedPackage | None, listing: PackageListing, additions: Mapping[str, str]
    ) -> Iterator[tuple[str, Observation]]:
        """Yield an observation of each version that is to be traced now; what cannot be read now is left to the next time."""
        observer, end = self._observer, time.monotonic() + TRACE_TIME_LIMIT
        observations: Mapping[str, Observation] = (
            {each.version.number: each for each in before.observations} if before else {}
        )
        try:
            if before is None:
                yield from (
                    (each.number, observer.observe_baseline(each, self._now))
                    for each in _newest_with_provenance(listing)
                )
            for version in versions_to_trace(before, listing, self._now, additions):
                if time.monotonic() > end:
                    break
                old = observations.get(version.number)
                earlier = _earlier_versions(listing, version)
                yield (
                    version.number,
                    observer.observe(version, earlier, old.first_seen_at if old else self._now, self._now),
                )
        except RegistryUnreachableError as error:
            self._retry_at = record_registry_failure(self._context, error, self._now)
        except RetryLaterError as error:
            log.info("%s is looked at again later: %s", self._watch.package, error)

    def _next_due(self, watched: WatchedPackage | None) -> datetime:
        if self._retry_at is not None:
            return self._retry_at
        thresholds = self._claims[0].thresholds
        slot = max(int(FAST_INTERVAL.total_seconds()), int(thresholds.check_interval.total_seconds()) // SCHEDULE_SLOTS)
        offset = zlib.crc32(self._watch.key.encode()) % SCHEDULE_SLOTS * slot
        announced = self._store.announced_at(self._watch)
        if announced is not None and self._now - announced >= FAST_INTERVAL_DURATION:
            self._store.clear_announcement(self._watch)
        return next_observation(watched, thresholds, announced, offset, self._now)


def _trace_statuses(watched: WatchedPackage) -> Mapping[str, TraceStatus | None]:
    return {each.version.number: each.trace_status for each in watched.observations}


def _newest_with_provenance(listing: PackageListing) -> tuple[PackageVersion, ...]:
    return tuple(
        each for each in listing.versions[-BASELINE_VERSIONS:] if each.has_provenance and each.workload is None
    )


def _earlier_versions(listing: PackageListing, version: PackageVersion) -> tuple[PackageVersion, ...]:
    """Return the versions before one; all, if it is gone."""
    numbers = [each.number for each in listing.versions]
    return listing.versions[: numbers.index(version.number) if version.number in numbers else len(numbers)]


CLAIM_TIMEOUT = timedelta(minutes=2)  # until what was asked for is asked for again, should its worker die
MAX_IMMEDIATE = 10  # packages that nobody watched before and that are looked at before the repository is judged


def check_due_packages(context: Context, _: CheckDuePackages) -> None:
    """Ask for each package that is due to be observed, and for each alert without an issue to be written."""
    store, now = WatchStore(context.records), context.clock()
    update_outage_alerts(context, now)
    outages, tried = store.outages(), set[RegistryId]()
    jobs: list[JobSpec] = []
    for watch in store.due(now):
        registry = watch.package.registry
        if registry in outages and (now < outages[registry].retry_at or registry in tried):
            continue
        tried.add(registry)
        store.postpone(watch, now + CLAIM_TIMEOUT)
        jobs.append(watch.job)
    alerts = PackageAlertStore(context.records)
    for installation, key in alerts.unreported(now.timestamp()):
        alerts.postpone(installation, key, (now + CLAIM_TIMEOUT).timestamp())
        jobs.append(WritePackageAlert(installation, key))
    enqueue_all(context.redis, jobs)


def check_package(context: Context, spec: CheckPackage) -> None:
    """Observe one package once."""
    watch, store = PackageWatch(spec.installation, Package(spec.registry, spec.package)), WatchStore(context.records)
    claims, is_first = store.claims(watch), store.get_state(watch).observed is None
    if not claims:
        return
    PackageObserver(context, watch, claims).run()
    if is_first and store.get_state(watch).observed is not None:  # what was unknown until now can be judged
        check = CheckBranch(spec.installation, claims[0].repository, claims[0].full_name)
        enqueue(context.redis, [check])


def expect_versions(context: Context, spec: ExpectVersions) -> None:
    """Observe what a repository publishes now, and every half minute until it came: an event announced a release."""
    store, now = WatchStore(context.records), context.clock()
    watches = [each for each in store.of_repository(spec.repository) if each.installation == spec.installation]
    for watch in watches:
        store.announce_version(watch, now)
    enqueue(context.redis, [watch.job for watch in watches])


def check_after_run(context: Context, spec: CheckAfterRun) -> None:
    """Observe what a repository publishes, and check its settings, if one of the workflows that ran publishes.

    GitHub sends no event when an environment changes: one that was opened for a release is noticed after it.
    """
    report = ReportStore(context.records).get(spec.repository)
    publishing = {get_str(each, "file") for each in get_objects(report.report, "publications")} if report else set()
    if report is None or publishing.isdisjoint(spec.workflows):
        return
    watches = WatchStore(context.records).of_repository(spec.repository)
    observations = (watch.job for watch in watches if watch.installation == spec.installation)
    enqueue(context.redis, [*observations, CheckBranch(spec.installation, spec.repository, report.repository)])


def update_watched_packages(  # noqa: PLR0913, PLR0917 - each is a fact of its own
    context: Context,
    installation: InstallationId,
    repository: RepositoryId,
    reader: CommitReader,
    snapshot: Snapshot,
    policy: Policy,
) -> None:
    """Watch what a repository publishes, as its policy asks for; new packages are observed at once, before the evaluation.

    A fork's files name the packages of others: of a fork only what the policy names is watched.
    """
    name, now = snapshot.repository, context.clock()
    client = context.github.installation(installation, context.delivery_id)
    facts = snapshot.settings.repository
    if isinstance(facts, Known) and facts.value.fork:
        snapshot = replace(snapshot, publications=())
    try:
        published = published_packages(client, reader, snapshot, policy, context.catalog)
    except (AccessError, RefusedError, TooLargeError) as error:
        log.warning("which packages %s publishes could not be read: %s", name, error)
        return  # what was watched stays so
    UnresolvedPackageStore(context.redis).put(name, published.unidentified)
    issue_repository = policy.reports.central_repository or name
    thresholds = {
        each: package_thresholds
        for each in published.packages
        if (package_thresholds := thresholds_of(policy, each.registry)).kinds
    }
    is_first = ReportStore(context.records).get(repository) is None
    declared = set(find_published_packages(name, {}, (), policy.packages, context.catalog).packages)
    claims = {
        each: PackageClaim(
            repository,
            name,
            issue_repository,
            package_thresholds,
            now,
            is_first_look=is_first,
            is_declared=each in declared,
        )
        for each, package_thresholds in thresholds.items()
    }
    store = WatchStore(context.records)
    new = store.put_claims(installation, repository, claims, now)
    for each in new[:MAX_IMMEDIATE]:  # the report that follows would not have seen them
        if each.package.registry not in store.outages():  # one wait for a registry that is away is enough
            PackageObserver(context, each, store.claims(each)).run()
    enqueue(context.redis, [each.job for each in new[MAX_IMMEDIATE:]])


RETRY_AFTER = timedelta(minutes=15)  # where no issue can be written


def write_package_alert(context: Context, spec: WritePackageAlert) -> None:
    """Make the issue about an alert say what is stored; what it says already is not written."""
    store = PackageAlertStore(context.records)
    stored = store.get(spec.installation, spec.alert_key)
    if stored is None:
        return
    # Resolved before anybody was told: there is nothing to tell.
    if stored.alert.resolved_at is None or store.get_issue(spec.installation, spec.alert_key) is not None:
        told = package_notification(spec.installation, stored.alert, context.catalog.registries)
        enqueue(context.redis, notify(context, told))
    _AlertIssueWriter(context, spec.installation, stored).run()


class _AlertIssueWriter:
    """Writes the issue of one alert, in the repository that the policy names; else in the one that it is about."""

    def __init__(self, context: Context, installation: InstallationId, stored: StoredPackageAlert) -> None:
        self._context = context
        self._installation = installation
        self._stored = stored
        self._store = PackageAlertStore(context.records)
        self._client = context.github.installation(installation, context.delivery_id)
        self._before = self._store.get_issue(installation, stored.alert.key)

    def run(self) -> None:
        now, stored = self._context.clock(), self._stored
        issue_repositories = (
            [self._before.repository]
            if self._before
            else list(dict.fromkeys((stored.issue_repository, stored.repository)))
        )
        for issue_repository in issue_repositories:
            try:
                self._store.mark_reported(self._installation, stored, self._write(issue_repository, now))
            except (AccessError, InstallationError, RefusedError) as error:
                log.warning(
                    "an alert about %s is not written to %s: %s", stored.alert.repository, issue_repository, error
                )
            else:
                return
        self._store.postpone(self._installation, stored.alert.key, (now + RETRY_AFTER).timestamp())

    def _write(self, issue_repository: FullName, now: datetime) -> PackageAlertIssue | None:
        alert, key = self._stored.alert, self._stored.alert.key
        issues = AppIssues(self._client, self._context.redis, issue_repository)
        content = render_package_alert(alert, self._context.catalog.registries, self._context.links)
        subjects = tuple(each.subject for each in alert.reasons)
        issue = issues.find(PACKAGE_ALERT_ISSUE, key)
        if issue is None and self._before is not None:  # a person deleted it
            return self._split_off(replace(self._before, closed_by_person=True), now)
        if issue is None:
            if alert.resolved_at is not None:
                return None  # it was accounted for before anybody was told
            issue = issues.open(HiddenMetadata(PACKAGE_ALERT_ISSUE, key), content.title, content.body)
        record = PackageAlertIssue(issue_repository, issue.number, self._before.reported if self._before else subjects)
        if not issue.is_open:
            is_resolved = alert.resolved_at is not None
            return (
                replace(record, resolved=True)
                if is_resolved
                else self._split_off(replace(record, closed_by_person=True), now)
            )
        if alert.resolved_at is not None:
            return self._resolve(issues, issue, content, replace(record, reported=subjects, resolved=True))
        self._add_observations(
            issues, issue, content, tuple(each for each in alert.reasons if each.subject not in record.reported)
        )
        return replace(record, reported=subjects)

    def _add_observations(
        self, issues: AppIssues, issue: AppIssue, alert_text: PackageAlertText, new: tuple[AlertReason, ...]
    ) -> None:
        if new:
            issues.comment_once(
                issue,
                f"also-{text_fingerprint(repr([each.subject for each in new]))}",
                render_package_alert_update(self._stored.alert, new),
            )
        issues.update(issue, HiddenMetadata(PACKAGE_ALERT_ISSUE, self._stored.alert.key).attach_to(alert_text.body))

    def _resolve(
        self, issues: AppIssues, issue: AppIssue, alert_text: PackageAlertText, issue_record: PackageAlertIssue
    ) -> PackageAlertIssue:
        issues.comment_once(issue, "settled", alert_text.closing_comment)
        issues.update(issue, is_open=False)
        return issue_record

    def _split_off(self, issue_record: PackageAlertIssue, now: datetime) -> PackageAlertIssue:
        """Leave an issue closed that a person closed; reasons that came since get an alert of their own."""
        alert = self._stored.alert
        rest = tuple(each for each in alert.reasons if each.subject not in issue_record.reported)
        if rest:
            separate = replace(self._stored, alert=replace(alert, raised_at=now, reasons=rest))
            reported = tuple(each for each in alert.reasons if each.subject in issue_record.reported)
            with self._context.records.transaction():
                self._store.put(self._installation, separate, now.timestamp())
                self._store.put(
                    self._installation,
                    replace(self._stored, alert=replace(alert, reasons=reported)),
                    now.timestamp(),
                )
        return issue_record
