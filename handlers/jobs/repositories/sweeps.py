"""Finds what events missed: changed tags, failed deliveries, open check runs and removed repositories."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.github.client import InstallationClient
from bot.github.git_data import (
    HEADS_PER_QUERY,
    REPOSITORIES_PER_QUERY,
    TAG_REF_PREFIX,
    read_all_tags,
    read_heads,
    read_latest_tags,
)
from bot.github.github_app import (
    Delivery,
    InstallationRepository,
    list_deliveries,
    list_installations,
    list_repositories,
    redeliver,
)
from bot.github.github_errors import (
    AccessError,
    InstallationError,
    MissingError,
    RefusedError,
    TooLargeError,
    UnansweredError,
)
from bot.github.settings import OrganizationCache
from bot.github.settings.organization_api import APPS, MEMBERSHIP_KINDS, PLAN, TOKENS
from bot.github.settings.secrets_api import ORGANIZATION_STORES, cache_kind_of
from bot.json_access import get_objects
from bot.model.core_types import FullName, InstallationId, Outcome, RepositoryId, Severity, Sha
from bot.model.errors import RetryLaterError
from bot.rendering.notification import Notification, NotificationKind
from handlers.cache.judged_commits import SweptRepositoryStore
from handlers.cache.pending_checks import OpenCheckRunStore
from handlers.cache.snapshot_cache import SnapshotCache
from handlers.config.context import Context
from handlers.jobs.notifications import notify
from handlers.jobs.repositories.access_reviews import retire_review
from handlers.jobs.repositories.repository_issues import retire_issue
from handlers.queue.enqueue import accepted_deliveries, enqueue, enqueue_all, oldest_open_job
from handlers.queue.job_specs import (
    CheckBranch,
    CheckCommit,
    CheckHeads,
    CheckInstallationHeads,
    CheckLatestTags,
    CheckPush,
    CheckTags,
    DeleteExpiredRecords,
    DropToken,
    ForgetInstallation,
    ForgetRepository,
    OrganizationChange,
    OrganizationChanged,
    RecheckCommit,
    RedeliverFailed,
    SweepCheckRuns,
    SweepInstallation,
    SweepInstallations,
)
from handlers.records.app_store import AppStore
from handlers.records.change_alert_store import ChangeAlertStore
from handlers.records.installation_store import InstallationRepositories, InstallationRepositoryStore
from handlers.records.issue_outbox import IssueOutbox
from handlers.records.outbox import outbox_of
from handlers.records.package_alert_store import PackageAlertStore
from handlers.records.report_store import DigestFactStore, DigestStore, ReportStore, StoredReport
from handlers.records.schema.retention import delete_expired, mark_removed
from handlers.records.watch_store import WatchStore

ARCHIVED = "it is archived, and publishes nothing"
TAKEN_OUT = "was deleted or taken out of the installation"
GONE = "it was deleted, or the App can no longer see it"


def forget_installation(context: Context, spec: ForgetInstallation) -> None:
    """Forget an installation that was removed."""
    installation, reports = spec.installation, ReportStore(context.records)
    context.github.tokens.drop(installation)
    for repository in reports.evaluation_times(installation):
        IssueOutbox(context.records).forget(repository)
        ChangeAlertStore(context.records, installation, repository).forget()
        WatchStore(context.records).remove_repository(repository)
    reports.forget_all(installation)
    DigestFactStore(context.records, installation).forget_all()
    DigestStore(context.records, installation).forget()
    PackageAlertStore(context.records).forget(installation)
    InstallationRepositoryStore(context.records).forget(installation)
    mark_removed(context.records, installation, context.clock())  # what auditors need goes when its time is over


def delete_expired_records(context: Context, _: DeleteExpiredRecords) -> None:
    """Delete the records that the settings keep no longer."""
    deleted = delete_expired(context.records, context.settings, context.clock())
    log.info("%d records are deleted, which the settings keep no longer", deleted)


def forget_repository(context: Context, spec: ForgetRepository) -> None:
    """Forget a repository that was deleted or left its installation."""
    retire_repository(context, spec.installation, spec.repository, GONE)


def retire_repository(context: Context, installation: InstallationId, repository: RepositoryId, reason: str) -> None:
    """Forget a repository that is no longer evaluated, and close the issue about it where one is open."""
    report = ReportStore(context.records).latest(repository) if reason is GONE else None
    with outbox_of(context).transaction() as jobs:
        if report is not None:
            log.error("%s %s: nothing is checked there any more", report.repository, TAKEN_OUT)
            jobs.extend(notify(context, _repository_gone(report, context.clock())))
        jobs += [*retire_issue(context, repository, reason), *retire_review(context, installation, repository)]
        WatchStore(context.records).remove_repository(repository)
        ReportStore(context.records).forget(repository)
        DigestFactStore(context.records, installation).forget(repository)
        ChangeAlertStore(context.records, installation, repository).forget()
    SnapshotCache(context.redis, context.catalog).forget(repository)
    SweptRepositoryStore(context.redis, installation).forget(repository)


def _repository_gone(report: StoredReport, now: datetime) -> Notification:
    publishes = bool(get_objects(report.report, "publications"))
    return Notification(
        key=f"repository-gone-{report.id}-{report.taken_at.isoformat()}",
        kind=NotificationKind.ACCESS,
        title=f"{report.repository} {TAKEN_OUT}",
        text="Nothing is checked there any more. If none of your administrators did it, find out who did.",
        severity=Severity.HIGH if publishes else Severity.LOW,
        at=now,
        subject=report.repository,
    )


def drop_token(context: Context, spec: DropToken) -> None:
    """Forget the token of an installation that is suspended; GitHub refuses it from now on."""
    context.github.tokens.drop(spec.installation)


log = logging.getLogger("wharfinger.jobs")

STUCK_AFTER = 600  # seconds after which a check run that is still in progress is taken up again
ABANDONED_AFTER = 24 * 3600  # seconds after which it is not


def sweep_installations(context: Context, _: SweepInstallations) -> None:
    """Have every installation swept that may use the App."""
    sweeps = [
        SweepInstallation(installation.id)
        for installation in list_installations(context.github.app(context.delivery_id))
        if not installation.suspended and context.settings.allows(installation.id, installation.account)
    ]
    enqueue(context.redis, sweeps)


def sweep_installation(context: Context, spec: SweepInstallation) -> None:
    """Check every repository of an installation, those that were checked longest ago first.

    Each becomes a job of its own, so a sweep that is interrupted goes on where it was; what waits already is not queued
    twice. A repository that left the installation without an event is forgotten.
    """
    installation = spec.installation
    checked_at = ReportStore(context.records).evaluation_times(installation)
    try:
        listed = list(list_repositories(context.github.installation(installation, context.delivery_id)))
    except InstallationError as error:
        log.info("nothing to sweep: %s", error)
        return
    stored = InstallationRepositories(context.clock(), tuple(listed))
    InstallationRepositoryStore(context.records).put(installation, stored)
    for gone in checked_at.keys() - {repository.id for repository in listed}:
        retire_repository(context, installation, gone, GONE)
    for archived in checked_at.keys() & {repository.id for repository in listed if repository.archived}:
        retire_repository(context, installation, archived, ARCHIVED)
    active = sorted(
        (repository for repository in listed if not repository.archived),
        key=lambda repository: checked_at.get(repository.id, 0),
    )
    checks = [CheckBranch(installation, repository.id, repository.name) for repository in active]
    # GitHub does not send an event for every tag that is moved; where nothing is published nobody takes anything by a tag.
    quiet = SweptRepositoryStore(context.redis, installation).quiet()
    tag_checks = [CheckTags(installation, each.id, each.name) for each in active if each.id not in quiet]
    enqueue_all(context.redis, [*checks, *tag_checks])


def check_heads(context: Context, _: CheckHeads) -> None:
    """Have the heads of all installations' default branches compared with those that were judged."""
    installations = InstallationRepositoryStore(context.records).installations()
    enqueue(context.redis, [CheckInstallationHeads(installation) for installation in installations])


def check_installation_heads(context: Context, spec: CheckInstallationHeads) -> None:
    """Check each default branch whose head is another than was judged: its event was lost. Fifty repositories take one query.

    Put off in between, it goes on where it was. A repository of which no head is known is left to the sweep.
    """
    store, swept = InstallationRepositoryStore(context.records), SweptRepositoryStore(context.redis, spec.installation)
    stored = store.get(spec.installation)
    active = sorted((each for each in stored.repositories if not each.archived), key=_by_id) if stored else []
    client = context.github.installation(spec.installation, context.delivery_id)
    for start in range(swept.cursor, len(active), HEADS_PER_QUERY):
        swept.set_cursor(start)
        client.reserve_quota()
        batch = active[start : start + HEADS_PER_QUERY]
        try:
            heads = read_heads(client, [each.name for each in batch])
        except READ_ERRORS as error:
            log.warning("the heads of installation %s are not compared: %s", spec.installation, error)
            break
        judged = swept.heads([each.id for each in batch])
        moved = [
            each for each in batch if each.id in judged and heads.get(each.name, judged[each.id]) != judged[each.id]
        ]
        enqueue(context.redis, [CheckCommit(spec.installation, each.id, each.name, heads[each.name]) for each in moved])
    swept.set_cursor(0)


def _by_id(repository: InstallationRepository) -> int:
    return repository.id


def sweep_check_runs(context: Context, _: SweepCheckRuns) -> None:
    """Complete each check run that was begun and, after a crash perhaps, never completed."""
    now, runs = context.clock().timestamp(), OpenCheckRunStore(context.redis)
    for run in runs.begun_before(now - ABANDONED_AFTER):
        log.error("the check run on %s in %s could not be completed for a day", run.revision, run.full_name)
        runs.close(run)
    stuck = runs.begun_before(now - STUCK_AFTER)
    rechecks = [RecheckCommit(run.installation, run.repository, run.full_name, run.revision) for run in stuck]
    enqueue(context.redis, rechecks)


CACHES_TO_CLEAR: Mapping[OrganizationChange, tuple[str, ...]] = {
    OrganizationChange.PEOPLE: MEMBERSHIP_KINDS,
    OrganizationChange.TOKENS: (TOKENS,),
    OrganizationChange.RULES: (),
    OrganizationChange.PERMISSIONS: (
        *(*MEMBERSHIP_KINDS, PLAN, APPS, TOKENS),
        *map(cache_kind_of, ORGANIZATION_STORES),
    ),
}


def organization_changed(context: Context, spec: OrganizationChanged) -> None:
    """Clear what an event made stale, and check each repository to which any rule applies."""
    stale = CACHES_TO_CLEAR[spec.change]
    if stale:
        client = context.github.installation(spec.installation, context.delivery_id)
        OrganizationCache(client, context.redis, spec.login).forget(*stale)
    checks = [
        CheckBranch(spec.installation, report.id, report.repository)
        for report in ReportStore(context.records).all(spec.installation)
        if _is_evaluated(report)
    ]
    enqueue(context.redis, checks)


def _is_evaluated(stored_report: StoredReport) -> bool:
    """Whether any rule applies to the repository; if none does, settings change nothing."""
    outcomes = stored_report.report.get("outcomes")
    return isinstance(outcomes, Mapping) and any(each != Outcome.NOT_APPLICABLE for each in outcomes.values())


MAX_TAGS = 100  # tags of a repository that are checked one by one; each costs a few calls
READ_ERRORS = (AccessError, InstallationError, RefusedError, TooLargeError)


def check_tags(context: Context, spec: CheckTags) -> None:
    """Compare all tags of a repository with those that were there at the last check."""
    client = context.github.installation(spec.installation, context.delivery_id)
    client.reserve_quota()
    try:
        tags = read_all_tags(client, spec.full_name)
    except READ_ERRORS as error:
        log.warning("the tags of %s are not checked: %s", spec.full_name, error)
        return
    _queue_changed_tags(context, (spec.installation, spec.repository, spec.full_name), tags)


def check_latest_tags(context: Context, _: CheckLatestTags) -> None:
    """Compare the latest tags of every repository that publishes something; one query reads dozens of repositories, so it can run every few minutes."""
    store = InstallationRepositoryStore(context.records)
    for installation in store.installations():
        stored = store.get(installation)
        quiet = SweptRepositoryStore(context.redis, installation).quiet()
        listed = stored.repositories if stored else ()
        ids = {each.name: each.id for each in listed if not each.archived and each.id not in quiet}
        names = sorted(ids)
        client = context.github.installation(installation, context.delivery_id)
        for start in range(0, len(names), REPOSITORIES_PER_QUERY):
            try:
                client.reserve_quota()
                latest = read_latest_tags(client, names[start : start + REPOSITORIES_PER_QUERY])
            except READ_ERRORS as error:
                log.warning("the tags of installation %s are not checked: %s", installation, error)
                break
            except RetryLaterError as error:  # the next check is soon enough, and the other repositories have theirs
                log.info("some tags of installation %s are checked later: %s", installation, error)
                continue
            for name, tags in latest.items():
                _queue_changed_tags(context, (installation, ids[name], name), tags)


def _queue_changed_tags(
    context: Context, repository: tuple[InstallationId, RepositoryId, FullName], tags: Mapping[str, Sha]
) -> None:
    """Have each tag checked that changed; the first check of a repository only stores its tags."""
    installation, repository_id, name = repository
    store = ChangeAlertStore(context.records, installation, repository_id)
    before = store.get_tags()
    changed = sorted(tag for tag, sha in tags.items() if before.get(tag) != sha)
    checked = changed[:MAX_TAGS] if store.has_read_all_tags else []
    if store.has_read_all_tags and len(changed) > MAX_TAGS:
        log.warning("%d tags of %s changed without an event; the first %d are checked", len(changed), name, MAX_TAGS)
    with outbox_of(context).transaction() as jobs:
        for tag in checked:
            jobs.append(CheckPush(*repository, f"{TAG_REF_PREFIX}{tag}", before.get(tag, Sha("")), tags[tag], ""))
        store.keep_tags({tag: tags[tag] for tag in changed if tag not in checked}, read_all=True)


DELIVERIES_KEPT = timedelta(days=3)  # by github.com; a GitHub Enterprise Server keeps them for longer
QUICK_REDELIVERIES = 5  # of one delivery, one at each look; after them the pauses grow with its age
OVERLAP = timedelta(minutes=5)  # an attempt is logged when it ends, and may end after a later one
REDELIVERIES_KEY = "wharfinger:redeliveries"  # sorted set: "ID GUID" of failed attempts, when they are asked for again


def redeliver_failed(context: Context, _: RedeliverFailed) -> None:
    """Have every delivery sent again that failed since the last run of this job, until GitHub keeps it no longer.

    Where Redis was lost, also those that were answered well and of which it knows nothing. A repeat that fails too is a new
    entry in GitHub's log, so the next run finds it; a repeat of something that was done meanwhile is recognized by the
    receiver. Interrupted, it begins again where the last complete run ended.
    """
    client, store, now = context.github.app(context.delivery_id), AppStore(context.records), context.clock()
    lost_from = store.deliveries_lost_from
    read_to = min(filter(None, (store.deliveries_read_to or now - DELIVERIES_KEPT, lost_from)))
    since = max(read_to - OVERLAP, now - DELIVERIES_KEPT)
    latest: dict[str, Delivery] = {}
    for delivery in list_deliveries(client, since, all_of_them=lost_from is not None):
        latest.setdefault(delivery.guid, delivery)
    known = accepted_deliveries(context.redis, [guid for guid, each in latest.items() if not each.failed])
    for delivery in reversed(latest.values()):
        if delivery.failed:
            _plan_redelivery(context, delivery, now)
        elif delivery.guid not in known:
            context.redis.zadd(REDELIVERIES_KEY, {f"{delivery.id} {delivery.guid}": now.timestamp()})
    _redeliver_due(context, client, now)
    enqueue(context.redis, notify(context, *_deliveries_lost(tuple(latest.values()), now)))
    store.end_deliveries(now, lost_from, oldest_open_job(context.redis))


MANY_DELIVERIES = 3  # that fail with none that arrives in between: nobody listens, or not to GitHub


def _deliveries_lost(deliveries: tuple[Delivery, ...], now: datetime) -> tuple[Notification, ...]:
    """Tell the operator, once an hour, that none of GitHub's latest deliveries arrived."""
    if len(deliveries) < MANY_DELIVERIES or not all(each.failed for each in deliveries[:MANY_DELIVERIES]):
        return ()
    lost = Notification(
        key=f"deliveries-{now:%Y-%m-%dT%H}",
        kind=NotificationKind.ACCESS,
        title=f"GitHub's last {MANY_DELIVERIES} deliveries did not arrive",
        text="Wharfinger hears of no push, run or release until they do. Look at the App's page under Advanced, Recent deliveries.",
        severity=Severity.HIGH,
        at=now,
    )
    return (lost,)


def _plan_redelivery(context: Context, delivery: Delivery, now: datetime) -> None:
    """Note when a failed attempt is asked for again: at once at first, and then after a quarter of the delivery's age."""
    attempts, first = (
        f"wharfinger:deliveries:redelivered:{delivery.guid}",
        f"wharfinger:deliveries:first:{delivery.guid}",
    )
    if context.redis.sismember(attempts, str(delivery.id)):
        return
    context.redis.set(first, delivery.delivered_at.timestamp(), ex=DELIVERIES_KEPT, nx=True)
    began = context.redis.get(first)
    age = now.timestamp() - float(began if isinstance(began, bytes) else delivery.delivered_at.timestamp())
    if age > DELIVERIES_KEPT.total_seconds():
        log.error("delivery %s (%s) failed for three days; it is not asked for again", delivery.guid, delivery.event)
        return
    pause = 0.0 if context.redis.scard(attempts) < QUICK_REDELIVERIES else age / 4
    context.redis.zadd(REDELIVERIES_KEY, {f"{delivery.id} {delivery.guid}": now.timestamp() + pause}, nx=True)


def _redeliver_due(context: Context, client: InstallationClient, now: datetime) -> None:
    due: list[Any] = context.redis.zrangebyscore(REDELIVERIES_KEY, "-inf", now.timestamp())
    for entry in due:
        number, _, guid = entry.decode().partition(" ")
        attempts = f"wharfinger:deliveries:redelivered:{guid}"
        try:
            redeliver(client, int(number))
        except (MissingError, RefusedError, UnansweredError) as error:
            log.warning("delivery %s could not be asked for again: %s", guid, error)
        context.redis.sadd(attempts, number)  # after the request: a second does no harm, none at all would
        context.redis.expire(attempts, DELIVERIES_KEPT)
        context.redis.zrem(REDELIVERIES_KEY, entry)
