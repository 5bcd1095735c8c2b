"""Sweeps: what an event did not bring is looked at all the same, the oldest first. Each piece is work of its own."""

import logging
from dataclasses import replace

from bot.github.github_app import list_installations, list_repositories
from bot.github.github_errors import InstallationError
from bot.model.core_types import InstallationId
from handlers.cache.open_runs import OpenCheckRunStore
from handlers.cache.repository_listings import InstallationRepositories, InstallationRepositoryStore
from handlers.config.context import Context
from handlers.jobs.repositories.sweeps import ARCHIVED, GONE, retire_repository
from handlers.queue.enqueue import enqueue
from handlers.queue.job_specs import JobSpec, Priority
from handlers.records.report_store import ReportStore

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
