"""Checks that each version that a tag stands for is traced, and reports it on the tagged commit."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from bot.checks.rules.approved_release import ApprovedRelease
from bot.checks.rules.attested_artifacts import AttestedArtifacts
from bot.checks.rules.traceable_versions import TraceableVersions
from bot.evaluation.evaluate import Report, evaluate_repository
from bot.github.check_runs import CheckRunWriter
from bot.github.client import InstallationClient
from bot.github.commit_query import RELEASE_CHECK_NAME, Revision
from bot.github.commit_state import CommitReader, CommitState
from bot.github.github_errors import AccessError, InstallationError
from bot.model.core_types import FullName
from bot.model.errors import RetryLaterError
from bot.model.findings import Known, Unknown
from bot.packages.http_client import RegistryResponseError, RegistryUnreachableError
from bot.packages.package_reader import read_listing
from bot.packages.versions import Package, PackageListing, PackageNotFound, PackageVersion, UnchangedListing
from bot.policy import Policy
from bot.rendering.release import AwaitedVersion, ReleaseStatus, render_release
from bot.snapshot.repository_snapshot import Snapshot
from bot.tracing import VersionTrace
from bot.tracing.traces import names_version, version_in_tag
from handlers.config.context import Context
from handlers.jobs.policies import add_policy_problems, read_policy_in_force
from handlers.jobs.releases.trace_versions import VersionTracer
from handlers.jobs.snapshot_reader import follow_files, published_packages
from handlers.queue.enqueue import enqueue
from handlers.queue.job_specs import CheckBranch, CheckRelease, ExpectVersions, RecheckReleases, SweepReleases
from handlers.records.outbox import outbox_of
from handlers.records.release_store import ABANDONED_AFTER, ReleaseStore, TaggedRelease
from handlers.records.trace_store import TraceStore

log = logging.getLogger("wharfinger.jobs")

TRACE_RULES = (TraceableVersions, AttestedArtifacts, ApprovedRelease)  # the rules that look at versions one by one
MAX_PACKAGES = 40  # that one tag stands for; the watch accounts for more
UNLIMITED = timedelta(days=100_000)
SHARED_TAG_WAIT = 3600  # seconds; then a package that a shared tag did not bring a version of was not meant
NOT_PUBLISHED_YET = "its registry does not have it yet"
NOT_PUBLISHED = "its registry did not have it a day later; “Re-check” asks again"


def check_release(context: Context, spec: CheckRelease) -> None:
    """Trace the versions that a tag stands for; while some are still expected, it is checked again later."""
    _ReleaseCheck(context, TaggedRelease(spec.installation, spec.repository, spec.full_name, spec.tag)).run()


def recheck_releases(context: Context, spec: RecheckReleases) -> None:
    """Check the releases of a commit again: its run is over, a package of it appeared, or somebody pressed “Re-check”."""
    releases = ReleaseStore(context.records).of_commit(spec.repository, spec.commit)
    enqueue(context.redis, [release.job for release in releases])


def sweep_releases(context: Context, _: SweepReleases) -> None:
    """Check again the pending releases that are due."""
    due = ReleaseStore(context.records).due(context.clock().timestamp())
    enqueue(context.redis, [release.job for release in due])


class _ReleaseCheck:
    """Checks the release of one tag."""

    def __init__(self, context: Context, release: TaggedRelease) -> None:
        self._context = context
        self._release = release
        self._client: InstallationClient = context.github.installation(release.installation, context.delivery_id)
        self._store = ReleaseStore(context.records)
        self._waited_seconds = 0.0  # seconds, so far

    def run(self) -> None:
        release = self._release
        try:
            self._check()
        except (AccessError, InstallationError) as error:
            log.warning("the release %s of %s is not checked: %s", release.tag, release.full_name, error)
            self._store.remove(release)
        except RetryLaterError:
            now = self._context.clock().timestamp()
            self._store.postpone(
                release, now - self._waited_seconds, now
            )  # should the worker give up: the sweep does not
            raise

    def _check(self) -> None:
        release, now = self._release, self._context.clock().timestamp()
        reader = CommitReader(self._client, Revision(release.full_name, f"refs/tags/{release.tag}"), RELEASE_CHECK_NAME)
        commit_state = reader.read(())
        if commit_state.archived:
            self._store.remove(release)
            return
        in_force = read_policy_in_force(self._context, self._client, commit_state)
        snapshot = follow_files(reader, commit_state, (), self._context.clock(), self._context.catalog).snapshot
        packages = published_packages(self._client, reader, snapshot, in_force.policy, self._context.catalog).packages
        since = self._store.record_check(release, commit_state.commit, now)
        self._waited_seconds = now - since
        status = self._trace_release(commit_state, packages)
        if not status.traces and not status.awaited:
            self._store.remove(release)
            return
        content = render_release(status, _evaluate_traces(snapshot, status, in_force.policy), self._context.links)
        runs = CheckRunWriter(
            self._client, commit_state.repository, commit_state.commit, commit_state.check_runs, RELEASE_CHECK_NAME
        )
        runs.complete("", add_policy_problems(content, in_force))
        self._schedule_next(status, since, now)

    def _schedule_next(self, status: ReleaseStatus, since: float, now: float) -> None:
        release = self._release
        if status.is_complete or now - since > ABANDONED_AFTER:
            self._store.remove(release)
            return
        if self._waited_seconds == 0:  # the registry is watched more closely from here on
            enqueue(self._context.redis, [ExpectVersions(release.installation, release.repository)])
        self._store.postpone(release, since, now)

    def _trace_release(self, commit: CommitState, packages: Sequence[Package]) -> ReleaseStatus:
        tag, release, store = self._release.tag, self._release, TraceStore(self._context.records)
        tracer = VersionTracer(self._context, self._client, commit.repository, release.repository)
        tagged = [package for package in packages if version_in_tag(tag, package) is not None][:MAX_PACKAGES]
        traces: list[VersionTrace] = []
        awaited: list[AwaitedVersion] = []
        missing: list[AwaitedVersion] = []
        for package in tagged:
            listing = self._listing(package)
            if isinstance(listing, str):  # what was traced before stays; only what was not is awaited
                stored = self._stored_traces(package)
                traces += stored
                awaited += () if stored else self._awaited(package, listing)
            else:
                traced = self._trace_listing(tracer, listing)
                traces += traced
                missing += () if traced else self._awaited(package, self._not_published_reason())
        self._store_traces(store, traces, commit.repository)
        if traces and self._waited_seconds >= SHARED_TAG_WAIT:
            missing = []  # the tag stands for the other packages only
        latest = tuple(store.find_in_repository(release.repository, each.version) or each for each in traces)
        return ReleaseStatus(tag, latest, (*awaited, *missing))

    def _trace_listing(self, tracer: VersionTracer, listing: PackageListing) -> list[VersionTrace]:
        """Trace the versions of a package that the tag stands for."""
        versions = [version for version in listing.versions if self._matches_tag(version)]
        return [tracer.trace_version(version, _earlier_versions(listing, version)) for version in versions]

    def _store_traces(self, store: TraceStore, traces: Sequence[VersionTrace], name: FullName) -> None:
        """Store traces; where one of them is news, a rule may fail by now, or pass again."""
        release = self._release
        with outbox_of(self._context).transaction() as jobs:
            if [trace for trace in traces if store.put(release.repository, trace)]:
                jobs.append(CheckBranch(release.installation, release.repository, name))

    def _not_published_reason(self) -> str:
        return NOT_PUBLISHED if self._waited_seconds > ABANDONED_AFTER else NOT_PUBLISHED_YET

    def _stored_traces(self, package: Package) -> list[VersionTrace]:
        traces = TraceStore(self._context.records).of_repository(self._release.repository)
        return [each for each in traces if each.version.package == package and self._matches_tag(each.version)]

    def _matches_tag(self, version: PackageVersion) -> bool:
        return names_version(self._release.tag, version.package, version.number)

    def _awaited(self, package: Package, reason: str) -> Iterator[AwaitedVersion]:
        number = version_in_tag(self._release.tag, package)
        if number is not None:
            yield AwaitedVersion(package, number, reason)

    def _listing(self, package: Package) -> PackageListing | str:
        """Return a package's versions at its registry, or why they cannot be read."""
        try:
            answer = read_listing(self._context.registry_client, package, now=self._context.clock())
        except (RegistryUnreachableError, RegistryResponseError) as error:
            return str(error)
        if isinstance(answer, PackageNotFound):
            return PackageListing(package, (), Unknown("who may publish it", NOT_PUBLISHED_YET))
        return answer.fetched.listing if isinstance(answer, UnchangedListing) else answer.listing


def _earlier_versions(listing: PackageListing, version: PackageVersion) -> tuple[PackageVersion, ...]:
    numbers = [each.number for each in listing.versions]
    return listing.versions[: numbers.index(version.number)]


def _evaluate_traces(snapshot: Snapshot, status: ReleaseStatus, policy: Policy) -> Report:
    """Evaluate the versions of this tag, and nothing else, by the rules about evidence."""
    rules = tuple(replace(rule, lookback=UNLIMITED) for rule in policy.rules if isinstance(rule, TRACE_RULES))
    return evaluate_repository(replace(snapshot, version_traces=Known(status.traces)), replace(policy, rules=rules))
