"""The release check: each version that a tag stands for is accounted for, and the tagged commit says so. Done twice, it says the same twice."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from bot.checks.rules.approved_release import ApprovedRelease
from bot.checks.rules.attested_artifacts import AttestedArtifacts
from bot.checks.rules.traceable_versions import AccountedVersions
from bot.evaluation.evaluate import Report, evaluate
from bot.github.check_runs import CheckRuns
from bot.github.client import Line
from bot.github.commit_query import RELEASE_CHECK, Revision
from bot.github.commit_state import Reading
from bot.github.github_errors import ForbiddenError, InstallationError, MissingError
from bot.github.repositories import RepositoryReader
from bot.model.core_types import FullName, InstallationId, RepositoryId
from bot.model.errors import LaterError
from bot.model.findings import Seen, Unseen
from bot.packages.model import NotThere, Unchanged
from bot.packages.package_reader import read_listing
from bot.packages.registry_errors import RegistryAnswerError, RegistryUnreachableError
from bot.packages.versions import Listing, Package, Version
from bot.policy import Policy
from bot.rendering.reports_release import Awaited, Released, render
from bot.snapshot.repository_snapshot import Snapshot
from bot.tracing import Account
from bot.tracing.version_tags import names_version, number_in
from handlers.cache.pending_checks import GIVEN_UP, ReleaseBook, TaggedRelease
from handlers.config.context import Context
from handlers.events.event_result import Where, branch_work
from handlers.jobs.build_snapshot import follow
from handlers.jobs.packages import published_packages
from handlers.jobs.policies import policy_of
from handlers.jobs.releases.trace_versions import Accounting
from handlers.jobs.words import with_problems
from handlers.queue.enqueue import enqueue
from handlers.queue.job_specs import Priority, Work
from handlers.records.trace_store import AccountBook

log = logging.getLogger("wharfinger.jobs")

EVIDENCE = (AccountedVersions, AttestedArtifacts, ApprovedRelease)  # the rules that look at versions one by one
MOST_PACKAGES = 40  # that one tag stands for; the watch accounts for more
ALWAYS = timedelta(days=100_000)
ALONE_AFTER = 3600  # seconds; then a package that a shared tag did not bring a version of was not meant
NOT_YET = "its registry does not have it yet"
NOT_COME = "its registry did not have it a day later; “Re-check” asks again"


def check_release(context: Context, installation: int, repository: int, name: str, tag: str) -> None:
    """Account for what a tag stands for; what is not there yet is looked at again."""
    release = TaggedRelease(InstallationId(installation), RepositoryId(repository), FullName(name), tag)
    _Release(context, release).do()


def check_releases_of(context: Context, installation: int, repository: int, name: str, commit: str) -> None:
    """Look again at the releases of a commit: its run is over, a package of it appeared, or somebody pressed “Re-check”."""
    del installation, name
    found = ReleaseBook(context.redis).at(RepositoryId(repository), commit)
    enqueue(context.redis, [release.work for release in found])


def sweep_releases(context: Context) -> None:
    """Look again at the releases that wait, when it is time."""
    enqueue(context.redis, [each.work for each in ReleaseBook(context.redis).due(context.clock().timestamp())])


class _Release:
    """One tag's way from a name to a completed check run."""

    def __init__(self, context: Context, release: TaggedRelease) -> None:
        self._context = context
        self._release = release
        self._line: Line = context.telephone.installation(release.installation, context.delivery)
        self._book = ReleaseBook(context.redis)
        self._waits = 0.0  # seconds, so far

    def do(self) -> None:
        release = self._release
        try:
            self._check()
        except (ForbiddenError, MissingError, InstallationError) as error:
            log.warning("the release %s of %s is not checked: %s", release.tag, release.name, error)
            self._book.settled(release)
        except LaterError:
            now = self._context.clock().timestamp()
            self._book.postpone(release, now - self._waits, now)  # should the worker give up: the sweep does not
            raise

    def _check(self) -> None:
        release, now = self._release, self._context.clock().timestamp()
        reader = RepositoryReader(self._line, Revision(release.name, f"refs/tags/{release.tag}"), RELEASE_CHECK)
        reading = reader.read(())
        if reading.archived:
            self._book.settled(release)
            return
        in_force = policy_of(self._context, self._line, reading)
        snapshot = follow(reader, reading, (), self._context.clock(), self._context.catalogue).snapshot
        packages = published_packages(self._line, reader, snapshot, in_force.policy, self._context.catalogue).packages
        since = self._book.seen(release, reading.commit, now)
        self._waits = now - since
        released = self._released(reading, packages)
        if not released.accounts and not released.awaited:
            self._book.settled(release)
            return
        said = render(released, _judge(snapshot, released, in_force.policy))
        runs = CheckRuns(self._line, reading.repository, reading.commit, reading.checks, RELEASE_CHECK)
        runs.complete("", with_problems(said, in_force.problems))
        self._next(released, since, now)

    def _next(self, released: Released, since: float, now: float) -> None:
        release = self._release
        if released.settled or now - since > GIVEN_UP:
            self._book.settled(release)
            return
        if self._waits == 0:  # the registry is watched more closely from here on
            arguments = (release.installation, release.repository)
            work = Work("watch_closely", Priority.CHECK, f"watch-of-{release.repository}", arguments)
            enqueue(self._context.redis, [work])
        self._book.postpone(release, since, now)

    def _released(self, reading: Reading, packages: Sequence[Package]) -> Released:
        accounting = Accounting(self._context, self._line, reading.repository, self._release.repository)
        accounts: list[Account] = []
        awaited: list[Awaited] = []
        absent: list[Awaited] = []
        for package in [each for each in packages if number_in(self._release.tag, each) is not None][:MOST_PACKAGES]:
            listing = self._listing(package)
            if isinstance(listing, str):  # what was seen before stands; only what was not is awaited
                kept = self._kept(package)
                accounts += kept
                awaited += () if kept else self._awaited(package, listing)
                continue
            found = list(self._versions(listing))
            accounts += [accounting.account(version, _before(listing, version)) for version in found]
            if not found:
                absent += self._awaited(package, NOT_COME if self._waits > GIVEN_UP else NOT_YET)
        book, release = AccountBook(self._context.redis), self._release
        news = [account for account in accounts if book.put(release.repository, account)]
        if news:  # a rule may fail by now, or hold again
            work = branch_work(Where(release.installation, release.repository, reading.repository))
            enqueue(self._context.redis, [work])
        meant = not accounts or self._waits < ALONE_AFTER
        stand = tuple(book.one(release.repository, each.version) or each for each in accounts)
        return Released(release.tag, stand, (*awaited, *(absent if meant else ())))

    def _kept(self, package: Package) -> list[Account]:
        found = AccountBook(self._context.redis).of(self._release.repository)
        return [each for each in found if each.version.package == package and self._is_meant(each.version)]

    def _versions(self, listing: Listing) -> Iterator[Version]:
        return filter(self._is_meant, listing.versions)

    def _is_meant(self, version: Version) -> bool:
        return names_version(self._release.tag, version.package, version.number)

    def _awaited(self, package: Package, why: str) -> Iterator[Awaited]:
        number = number_in(self._release.tag, package)
        if number is not None:
            yield Awaited(package, number, why)

    def _listing(self, package: Package) -> Listing | str:
        """Ask a registry for a package; where that is not to be had, why."""
        try:
            reading = read_listing(self._context.registries, package, now=self._context.clock())
        except (RegistryUnreachableError, RegistryAnswerError) as error:
            return str(error)
        if isinstance(reading, NotThere):
            return Listing(package, (), Unseen("who may publish it", NOT_YET))
        return reading.known.listing if isinstance(reading, Unchanged) else reading.listing


def _before(listing: Listing, version: Version) -> tuple[Version, ...]:
    numbers = [each.number for each in listing.versions]
    return listing.versions[: numbers.index(version.number)]


def _judge(snapshot: Snapshot, released: Released, policy: Policy) -> Report:
    """Judge the versions of this tag, and nothing else, by the rules about evidence."""
    rules = tuple(replace(rule, back=ALWAYS) for rule in policy.rules if isinstance(rule, EVIDENCE))
    return evaluate(replace(snapshot, released=Seen(released.accounts)), replace(policy, rules=rules))
