"""The watch over registries: what is due is looked at; a registry that does not answer is tried with one package at a time."""

import logging
from dataclasses import replace
from datetime import timedelta

from bot.evaluation.package_alerts import thresholds_of
from bot.github.github_errors import ForbiddenError, MissingError, RefusedError, TooLargeError
from bot.github.repositories import CommitReader
from bot.json_access import get_objects, get_str
from bot.model.core_types import InstallationId, RegistryId, RepositoryId
from bot.model.findings import Known
from bot.packages.versions import Package
from bot.policy import Policy
from bot.snapshot.repository_snapshot import Snapshot
from handlers.cache.untold_packages import UnresolvedPackageStore
from handlers.config.context import Context
from handlers.jobs.packages import published_packages
from handlers.jobs.releases.look import PackageObserver
from handlers.jobs.releases.watch_packages import update_outage_alerts
from handlers.queue.enqueue import enqueue
from handlers.queue.job_specs import JobSpec, Priority
from handlers.records.package_alert_store import PackageAlertStore, write_package_alert_spec
from handlers.records.report_store import ReportStore
from handlers.records.watch_store import PackageClaim, PackageWatch, WatchStore

log = logging.getLogger("wharfinger.jobs")

CLAIM_TIMEOUT = timedelta(minutes=2)  # until what was asked for is asked for again, should its worker die
MAX_IMMEDIATE = 10  # packages that nobody watched before and that are looked at before the repository is judged
ENQUEUE_BATCH = 500  # pieces of work given to the queue at a time


def check_due_packages(context: Context) -> None:
    """Ask for a look at each package that is due, and for each alert that GitHub was not told of."""
    book, now = WatchStore(context.redis), context.clock()
    update_outage_alerts(context, now)
    outages, tried = book.outages(), set[RegistryId]()
    works: list[JobSpec] = []
    for each in book.due(now):
        registry = each.package.registry
        if registry in outages and (now < outages[registry].retry_at or registry in tried):
            continue
        tried.add(registry)
        book.postpone(each, now + CLAIM_TIMEOUT)
        works.append(each.job)
    alarms = PackageAlertStore(context.redis)
    for installation, key in alarms.unreported(now.timestamp()):
        alarms.postpone(installation, key, (now + CLAIM_TIMEOUT).timestamp())
        works.append(write_package_alert_spec(installation, key))
    for start in range(0, len(works), ENQUEUE_BATCH):
        enqueue(context.redis, works[start : start + ENQUEUE_BATCH])


def check_package(context: Context, installation: int, registry: str, package_name: str) -> None:
    """Look at one package once."""
    each = PackageWatch(InstallationId(installation), Package(RegistryId(registry), package_name))
    book = WatchStore(context.redis)
    claims, first = book.claims(each), book.get_state(each).observed is None
    if not claims:
        return
    PackageObserver(context, each, claims).run()
    if first and book.get_state(each).observed is not None:  # what was unknown until now can be judged
        arguments = (installation, claims[0].repository, claims[0].full_name)
        enqueue(
            context.redis, [JobSpec("check_branch", Priority.SWEEP, f"repository-{claims[0].repository}", arguments)]
        )


def expect_versions(context: Context, installation: int, repository: int) -> None:
    """Look at what a repository publishes now, and every half minute until it came: an event told of a release."""
    book, now = WatchStore(context.redis), context.clock()
    watches = [each for each in book.of_repository(RepositoryId(repository)) if each.installation == installation]
    for each in watches:
        book.announce_version(each, now)
    enqueue(context.redis, [each.job for each in watches])


def check_after_run(context: Context, installation: int, repository: int, *workflows: str) -> None:
    """Look at what a repository publishes, and at what guards it, if one of these workflows publishes: a run of them is over.

    GitHub tells of no change of an environment: one that was opened for a release is seen after it.
    """
    standing = ReportStore(context.redis).get(RepositoryId(repository))
    if standing is None or not {get_str(each, "file") for each in get_objects(standing.report, "publications")} & set(
        workflows
    ):
        return
    watches = WatchStore(context.redis).of_repository(RepositoryId(repository))
    arguments = (installation, repository, standing.repository)
    branch = JobSpec("check_branch", Priority.SWEEP, f"repository-{repository}", arguments)
    enqueue(context.redis, [*(each.job for each in watches if each.installation == installation), branch])


def update_watched_packages(  # noqa: PLR0913, PLR0917 - each is a fact of its own
    context: Context,
    installation: InstallationId,
    repository: RepositoryId,
    reader: CommitReader,
    snapshot: Snapshot,
    policy: Policy,
) -> None:
    """Watch what a repository publishes, as its policy asks for; what is new is looked at here and now, before it is judged.

    A fork's files name the packages of others: of a fork only what the policy names is watched.
    """
    name, now = snapshot.repository, context.clock()
    line = context.github.installation(installation, context.delivery_id)
    facts = snapshot.settings.repository
    if isinstance(facts, Known) and facts.value.fork:
        snapshot = replace(snapshot, publications=())
    try:
        found = published_packages(line, reader, snapshot, policy, context.catalog)
    except (ForbiddenError, MissingError, RefusedError, TooLargeError) as error:
        log.warning("which packages %s publishes could not be read: %s", name, error)
        return  # what was watched stays so
    UnresolvedPackageStore(context.redis).put(name, found.unidentified)
    holder = policy.reports.central_repository or name
    asked = {each: demands for each in found.packages if (demands := thresholds_of(policy, each.registry)).kinds}
    claims = {each: PackageClaim(repository, name, holder, demands) for each, demands in asked.items()}
    book = WatchStore(context.redis)
    new = book.put_claims(installation, repository, claims, now)
    for each in new[:MAX_IMMEDIATE]:  # the report that follows would not have seen them
        if each.package.registry not in book.outages():  # one wait for a registry that is away is enough
            PackageObserver(context, each, book.claims(each)).run()
    enqueue(context.redis, [each.job for each in new[MAX_IMMEDIATE:]])
