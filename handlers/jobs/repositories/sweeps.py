"""Finds what events missed: changed tags, failed deliveries, open check runs and removed repositories."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.github.git_data import REPOSITORIES_PER_QUERY, TAG_REF_PREFIX, read_all_tags, read_latest_tags
from bot.github.github_app import Delivery, list_failed_deliveries, list_installations, list_repositories, redeliver
from bot.github.github_errors import (
    ForbiddenError,
    InstallationError,
    MissingError,
    RefusedError,
    TooLargeError,
    UnansweredError,
)
from bot.github.settings import OrganizationCache
from bot.github.settings.organization_api import APPS, MEMBERSHIP_KINDS, PLAN, TOKENS
from bot.github.settings.secrets_api import ORGANIZATION_STORES, cache_kind_of
from bot.model.core_types import FullName, InstallationId, Outcome, RepositoryId, Sha
from bot.model.errors import RetryLaterError
from handlers.cache.pending_checks import OpenCheckRunStore
from handlers.cache.repository_listings import InstallationRepositories, InstallationRepositoryStore
from handlers.config.context import Context
from handlers.events import settings_events as events
from handlers.jobs.repositories.access_reviews import retire_review
from handlers.jobs.repositories.repository_issues import retire_issue
from handlers.queue.enqueue import enqueue
from handlers.queue.job_specs import JobSpec, Priority, check_push_spec
from handlers.records.change_alert_store import ChangeAlertStore
from handlers.records.issue_outbox import IssueOutbox
from handlers.records.package_alert_store import PackageAlertStore
from handlers.records.report_store import DigestFactStore, DigestStore, ReportStore, StoredReport
from handlers.records.trace_store import TraceStore
from handlers.records.watch_store import WatchStore

ARCHIVED = "it is archived, and publishes nothing"
GONE = "it was deleted, or the App can no longer see it"


def forget_installation(context: Context, installation: int) -> None:
    """Forget an installation that was removed."""
    drop_token(context, installation)
    standings, wanted = ReportStore(context.redis), IssueOutbox(context.redis)
    for repository in standings.evaluation_times(InstallationId(installation)):
        wanted.forget(repository)
        ChangeAlertStore(context.redis, InstallationId(installation), repository).forget()
        TraceStore(context.redis).forget(repository)  # what else happens to a repository, auditors keep its records
        WatchStore(context.redis).remove_repository(repository)
    standings.forget_all(InstallationId(installation))
    DigestFactStore(context.redis, InstallationId(installation)).forget_all()
    DigestStore(context.redis, InstallationId(installation)).forget()
    PackageAlertStore(context.redis).forget(InstallationId(installation))
    InstallationRepositoryStore(context.redis).forget(InstallationId(installation))


def forget_repository(context: Context, installation: int, repository: int) -> None:
    """Forget a repository that was deleted or left its installation."""
    retire_repository(context, InstallationId(installation), RepositoryId(repository), GONE)


def retire_repository(context: Context, installation: InstallationId, repository: RepositoryId, reason: str) -> None:
    """Forget a repository that is no longer evaluated, and close the issue about it where one is open."""
    retire_issue(context, repository, reason)
    retire_review(context, installation, repository)
    WatchStore(context.redis).remove_repository(repository)
    ReportStore(context.redis).forget(installation, repository)
    DigestFactStore(context.redis, installation).forget(repository)
    ChangeAlertStore(context.redis, installation, repository).forget()


def drop_token(context: Context, installation: int) -> None:
    """Forget the token of an installation that is suspended; GitHub refuses it from now on."""
    context.github.tokens.drop(InstallationId(installation))


log = logging.getLogger("wharfinger.jobs")

STUCK_AFTER = 600  # seconds after which a check run that is still in progress is taken up again
ABANDONED_AFTER = 24 * 3600  # seconds after which it is not
ENQUEUE_BATCH = 500  # pieces of work given to the queue at a time


def sweep_installations(context: Context) -> None:
    """Look at every installation that may use the App."""
    works = [
        JobSpec("sweep_installation", Priority.SWEEP, f"installation-{found.id}", (found.id,))
        for found in list_installations(context.github.app(context.delivery_id))
        if not found.suspended and context.settings.allows(found.id, found.account)
    ]
    enqueue(context.redis, works)


def sweep_installation(context: Context, installation: int) -> None:
    """Look at every repository of an installation, those that were looked at longest ago first.

    Each becomes a piece of work that waits in Redis, so a sweep that is interrupted goes on where it was; what waits
    already is not queued twice. What left the installation unnoticed is forgotten.
    """
    number = InstallationId(installation)
    standings = ReportStore(context.redis)
    times = standings.evaluation_times(number)
    try:
        listed = list(list_repositories(context.github.installation(number, context.delivery_id)))
    except InstallationError as error:
        log.info("nothing to sweep: %s", error)
        return
    InstallationRepositoryStore(context.redis).put(number, InstallationRepositories(context.clock(), tuple(listed)))
    for gone in times.keys() - {repository.id for repository in listed}:
        retire_repository(context, number, gone, GONE)
    for resting in times.keys() & {repository.id for repository in listed if repository.archived}:
        retire_repository(context, number, resting, ARCHIVED)
    works = [
        JobSpec("check_branch", Priority.SWEEP, f"repository-{repository.id}", (number, repository.id, repository.name))
        for repository in sorted(listed, key=lambda repository: times.get(repository.id, 0))
        if not repository.archived
    ]
    works += [replace(work, job="look_at_tags") for work in works]  # GitHub does not tell of every tag that is moved
    for start in range(0, len(works), ENQUEUE_BATCH):
        enqueue(context.redis, works[start : start + ENQUEUE_BATCH])


def sweep_check_runs(context: Context) -> None:
    """Take up again each check run that was begun and, after a crash perhaps, never completed."""
    now, runs = context.clock().timestamp(), OpenCheckRunStore(context.redis)
    for run in runs.begun_before(now - ABANDONED_AFTER):
        log.error("the check run on %s in %s could not be completed for a day", run.revision, run.full_name)
        runs.close(run)
    works = [
        JobSpec(
            "recheck_commit",
            Priority.CHECK,
            f"repository-{run.repository}",
            (run.installation, run.repository, run.full_name, run.revision),
        )
        for run in runs.begun_before(now - STUCK_AFTER)
    ]
    enqueue(context.redis, works)


CACHES_TO_CLEAR: Mapping[str, tuple[str, ...]] = {
    events.PEOPLE: MEMBERSHIP_KINDS,
    events.TOKENS: (TOKENS,),
    events.RULES: (),
    events.PERMISSIONS: (*MEMBERSHIP_KINDS, PLAN, APPS, TOKENS, *map(cache_kind_of, ORGANIZATION_STORES)),
}


def organization_changed(context: Context, installation: int, login: str, change: str) -> None:
    """Forget what an event made stale, and look at each repository that the rules say something about."""
    number = InstallationId(installation)
    stale = CACHES_TO_CLEAR.get(change, ())
    if stale:
        OrganizationCache(context.github.installation(number, context.delivery_id), context.redis, login).forget(*stale)
    works = [
        JobSpec("check_branch", Priority.SWEEP, f"repository-{each.id}", (number, each.id, each.repository))
        for each in ReportStore(context.redis).all(number)
        if _is_evaluated(each)
    ]
    enqueue(context.redis, works)


def _is_evaluated(stored_report: StoredReport) -> bool:
    """Whether any rule applies there; where none does, who may do what changes nothing."""
    outcomes = stored_report.report.get("outcomes")
    return isinstance(outcomes, Mapping) and any(each != Outcome.NOT_APPLICABLE for each in outcomes.values())


MAX_TAGS = 100  # tags of a repository that are looked at one by one; each costs a few calls
READ_ERRORS = (ForbiddenError, MissingError, InstallationError, RefusedError, TooLargeError)


def check_tags(context: Context, installation: int, repository: int, full_name: str) -> None:
    """Compare all tags of a repository with those that were there at the last look."""
    line = context.github.installation(InstallationId(installation), context.delivery_id)
    line.reserve_quota()
    try:
        now = read_all_tags(line, FullName(full_name))
    except READ_ERRORS as error:
        log.warning("the tags of %s are not looked at: %s", full_name, error)
        return
    _queue_changed_tags(context, InstallationId(installation), RepositoryId(repository), FullName(full_name), now)


def check_latest_tags(context: Context) -> None:
    """Compare the latest tags of every repository; a query for dozens of repositories, so that it can be done every few minutes."""
    book = InstallationRepositoryStore(context.redis)
    for installation in book.installations():
        found = book.get(installation)
        listed = {each.name: each.id for each in (found.repositories if found else ()) if not each.archived}
        names = sorted(listed)
        line = context.github.installation(installation, context.delivery_id)
        for start in range(0, len(names), REPOSITORIES_PER_QUERY):
            try:
                line.reserve_quota()
                latest = read_latest_tags(line, names[start : start + REPOSITORIES_PER_QUERY])
            except READ_ERRORS as error:
                log.warning("the tags of installation %s are not looked at: %s", installation, error)
                break
            except RetryLaterError as error:  # the next look is soon enough, and the other repositories have theirs
                log.info("some tags of installation %s are looked at later: %s", installation, error)
                continue
            for name, tags in latest.items():
                _queue_changed_tags(context, installation, listed[name], name, tags)


def _queue_changed_tags(
    context: Context,
    installation: InstallationId,
    repository: RepositoryId,
    name: FullName,
    current_tags: Mapping[str, Sha],
) -> None:
    """Have each tag looked at that is not what it was; the first look only says what is there."""
    book = ChangeAlertStore(context.redis, installation, repository)
    before = book.get_tags()
    changed = (
        {tag: sha for tag, sha in current_tags.items() if before.get(tag) != sha} if book.has_read_all_tags else {}
    )
    if len(changed) > MAX_TAGS:
        log.warning("%d tags of %s moved or came unheard; the first %d are looked at", len(changed), name, MAX_TAGS)
    place = (installation, repository, name)
    told = sorted(changed)[:MAX_TAGS]
    enqueue(
        context.redis,
        [check_push_spec(place, f"{TAG_REF_PREFIX}{tag}", before.get(tag, ""), current_tags[tag], "") for tag in told],
    )
    book.keep_tags(
        {tag: sha for tag, sha in current_tags.items() if tag not in told and before.get(tag) != sha}, read_all=True
    )


DELIVERIES_KEPT = timedelta(days=3)  # by github.com; a GitHub Enterprise Server keeps them for longer
LAST_CHECK_KEY = "wharfinger:deliveries:last"
MAX_REDELIVERIES = 5  # one delivery is asked for again
OVERLAP = timedelta(minutes=5)  # an attempt is logged when it ends, and may end after a later one


def redeliver_failed(context: Context) -> None:
    """Have every delivery sent again that failed since the last look, the oldest first.

    A repeat that fails too is a new entry in GitHub's log, so it is found by the next look; a repeat of something that
    was done meanwhile is recognised by the receiver. Interrupted, it begins again where the last whole look ended.
    """
    line = context.github.app(context.delivery_id)
    now = context.clock()
    latest: dict[str, Delivery] = {}
    for delivery in list_failed_deliveries(line, _check_since(context, now)):
        latest.setdefault(delivery.guid, delivery)
    for delivery in reversed(latest.values()):
        asked = f"wharfinger:deliveries:again:{delivery.guid}"
        if not _should_redeliver(context, delivery, asked):
            continue
        try:
            redeliver(line, delivery)
        except (MissingError, RefusedError, UnansweredError) as error:
            log.warning("delivery %s could not be asked for again: %s", delivery.guid, error)
        context.redis.sadd(asked, delivery.id)  # after the wish: made twice it does no harm, never made it would
        context.redis.expire(asked, DELIVERIES_KEPT)
    context.redis.set(LAST_CHECK_KEY, now.isoformat())


def _check_since(context: Context, now: datetime) -> datetime:
    last = context.redis.get(LAST_CHECK_KEY)
    if not isinstance(last, bytes):
        return now - DELIVERIES_KEPT
    return max(datetime.fromisoformat(last.decode()) - OVERLAP, now - DELIVERIES_KEPT)


def _should_redeliver(context: Context, delivery: Delivery, attempts_key: str) -> bool:
    """Whether this attempt has not been answered by a wish yet, and the delivery not been asked for too often."""
    if context.redis.sismember(attempts_key, str(delivery.id)):
        return False
    if context.redis.scard(attempts_key) < MAX_REDELIVERIES:
        return True
    log.error(
        "delivery %s (%s) failed %d times; it is not asked for again", delivery.guid, delivery.event, MAX_REDELIVERIES
    )
    return False
