"""The watch over registries: what is due is looked at; a registry that does not answer is tried with one package at a time."""

import logging
from dataclasses import replace
from datetime import timedelta

from bot.evaluation.package_alerts import demands_of
from bot.github.github_errors import ForbiddenError, MissingError, RefusedError, TooLargeError
from bot.github.repositories import RepositoryReader
from bot.json_access import records, text
from bot.model.core_types import InstallationId, RegistryId, RepositoryId
from bot.model.findings import Seen
from bot.packages.versions import Package
from bot.policy import Policy
from bot.snapshot.repository_snapshot import Snapshot
from handlers.cache.untold_packages import UntoldPackages
from handlers.config.context import Context
from handlers.jobs.packages import published_packages
from handlers.jobs.releases.look import Look
from handlers.jobs.releases.watch_packages import tell_outages
from handlers.queue.enqueue import enqueue
from handlers.queue.job_specs import Priority, Work
from handlers.records.package_alert_store import AlarmBook, alarm_work
from handlers.records.report_store import Standings
from handlers.records.watch_store import Claim, Watch, WatchBook

log = logging.getLogger("wharfinger.jobs")

LEASE = timedelta(minutes=2)  # until what was asked for is asked for again, should its worker die
AT_FIRST = 10  # packages that nobody watched before and that are looked at before the repository is judged
AT_ONCE = 500  # pieces of work given to the queue at a time


def watch(context: Context) -> None:
    """Ask for a look at each package that is due, and for each alarm that GitHub was not told of."""
    book, now = WatchBook(context.redis), context.clock()
    tell_outages(context, now)
    outages, tried = book.outages(), set[RegistryId]()
    works: list[Work] = []
    for each in book.due(now):
        registry = each.package.registry
        if registry in outages and (now < outages[registry].again or registry in tried):
            continue
        tried.add(registry)
        book.postpone(each, now + LEASE)
        works.append(each.work)
    alarms = AlarmBook(context.redis)
    for installation, key in alarms.untold(now.timestamp()):
        alarms.later(installation, key, (now + LEASE).timestamp())
        works.append(alarm_work(installation, key))
    for start in range(0, len(works), AT_ONCE):
        enqueue(context.redis, works[start : start + AT_ONCE])


def watch_package(context: Context, installation: int, registry: str, name: str) -> None:
    """Look at one package once."""
    each = Watch(InstallationId(installation), Package(RegistryId(registry), name))
    book = WatchBook(context.redis)
    claims, first = book.claims(each), book.kept(each).watched is None
    if not claims:
        return
    Look(context, each, claims).do()
    if first and book.kept(each).watched is not None:  # what was unseen until now can be judged
        arguments = (installation, claims[0].repository, claims[0].name)
        enqueue(context.redis, [Work("check_branch", Priority.SWEEP, f"repository-{claims[0].repository}", arguments)])


def watch_closely(context: Context, installation: int, repository: int) -> None:
    """Look at what a repository publishes now, and every half minute until it came: an event told of a release."""
    book, now = WatchBook(context.redis), context.clock()
    watches = [each for each in book.of(RepositoryId(repository)) if each.installation == installation]
    for each in watches:
        book.announce(each, now)
    enqueue(context.redis, [each.work for each in watches])


def look_after_run(context: Context, installation: int, repository: int, *workflows: str) -> None:
    """Look at what a repository publishes, and at what guards it, if one of these workflows publishes: a run of them is over.

    GitHub tells of no change of an environment: one that was opened for a release is seen after it.
    """
    standing = Standings(context.redis).get(RepositoryId(repository))
    if standing is None or not {text(each, "file") for each in records(standing.report, "publications")} & set(
        workflows
    ):
        return
    watches = WatchBook(context.redis).of(RepositoryId(repository))
    arguments = (installation, repository, standing.repository)
    branch = Work("check_branch", Priority.SWEEP, f"repository-{repository}", arguments)
    enqueue(context.redis, [*(each.work for each in watches if each.installation == installation), branch])


def want_watch(  # noqa: PLR0913, PLR0917 - each is a fact of its own
    context: Context,
    installation: InstallationId,
    repository: RepositoryId,
    reader: RepositoryReader,
    snapshot: Snapshot,
    policy: Policy,
) -> None:
    """Watch what a repository publishes, as its policy asks for; what is new is looked at here and now, before it is judged.

    A fork's files name the packages of others: of a fork only what the policy names is watched.
    """
    name, now = snapshot.repository, context.clock()
    line = context.telephone.installation(installation, context.delivery)
    facts = snapshot.holdings.repository
    if isinstance(facts, Seen) and facts.value.fork:
        snapshot = replace(snapshot, publications=())
    try:
        found = published_packages(line, reader, snapshot, policy, context.catalogue)
    except (ForbiddenError, MissingError, RefusedError, TooLargeError) as error:
        log.warning("which packages %s publishes could not be read: %s", name, error)
        return  # what was watched stays so
    UntoldPackages(context.redis).put(name, found.untold)
    holder = policy.reports.central or name
    asked = {each: demands for each in found.packages if (demands := demands_of(policy, each.registry)).kinds}
    claims = {each: Claim(repository, name, holder, demands) for each, demands in asked.items()}
    book = WatchBook(context.redis)
    new = book.claim(installation, repository, claims, now)
    for each in new[:AT_FIRST]:  # the report that follows would not have seen them
        if each.package.registry not in book.outages():  # one wait for a registry that is away is enough
            Look(context, each, book.claims(each)).do()
    enqueue(context.redis, [each.work for each in new[AT_FIRST:]])
