"""Enqueues recurring jobs when they are due; several clocks can run at once."""

import argparse
import logging
import signal
import time
from dataclasses import dataclass
from threading import Event

from redis import Redis
from redis.exceptions import RedisError

from handlers.config.database import Database, DatabaseError
from handlers.config.logs import set_up_logging
from handlers.config.redis_client import open_redis, wait_for_redis
from handlers.config.settings import Settings
from handlers.jobs.redis_loss import claim_redis
from handlers.queue.enqueue import enqueue
from handlers.queue.job_spec import JobSpec
from handlers.queue.job_specs import (
    CheckDepartures,
    CheckDuePackages,
    CheckHeads,
    CheckLatestTags,
    DeleteExpiredRecords,
    Diagnose,
    QueueDigests,
    RedeliverFailed,
    Remind,
    SendHeartbeat,
    SendNotifications,
    SweepCheckRuns,
    SweepGates,
    SweepInstallations,
    SweepReleases,
)
from handlers.records.outbox import Outbox

log = logging.getLogger("wharfinger.clock")


@dataclass(frozen=True, slots=True)
class ScheduledJob:
    """One line of the timetable: a job without arguments, and the seconds between two times it is asked for."""

    spec: JobSpec
    interval: int

    def tick(self, now: float) -> int:
        """Return the number of the present interval, the same on every machine."""
        return int(now) // self.interval


MINUTE, HOUR, DAY = 60, 3600, 86_400

TIMETABLE = (
    ScheduledJob(RedeliverFailed(), 5 * MINUTE),  # GitHub does not send a failed delivery again by itself
    ScheduledJob(CheckLatestTags(), 5 * MINUTE),  # GitHub sends no event for a push of more than three tags
    ScheduledJob(CheckHeads(), HOUR),  # default branches that moved, and whose event was lost
    ScheduledJob(SweepCheckRuns(), 5 * MINUTE),  # a check run left in progress is completed
    ScheduledJob(SweepGates(), MINUTE),  # pending deployments are decided again
    ScheduledJob(SweepReleases(), MINUTE),  # versions that a tag announced and that are not traced yet
    ScheduledJob(CheckDuePackages(), 30),  # packages that are due at their registries, alerts without an issue yet
    ScheduledJob(SweepInstallations(), 6 * HOUR),  # every repository, oldest first: changes for which no event came
    ScheduledJob(Diagnose(), 2 * MINUTE),  # what the set-up page shows of GitHub; what is newly missing is told
    ScheduledJob(SendNotifications(), 30),  # what a channel of the operator's did not take
    ScheduledJob(SendHeartbeat(), MINUTE),  # the dead-man URL
    ScheduledJob(CheckDepartures(), HOUR),  # what people who left can still publish with
    ScheduledJob(QueueDigests(), HOUR),  # each is written once in its period
    ScheduledJob(DeleteExpiredRecords(), DAY),  # what the settings keep no longer
    ScheduledJob(Remind(), DAY),  # open issues: a reminder may be due, an event may have been missed
)


def enqueue_due_jobs(redis: Redis, now: float, last_ticks: dict[str, int]) -> None:
    """Enqueue each job whose interval has not been asked for yet; `last_ticks` holds the last tick of each.

    The tick is kept in Redis too, as a delivery is: a second clock, or this one started anew, asks for nothing twice.
    A job that still waits from the tick before is not queued again.
    """
    for due in TIMETABLE:
        name, tick = due.spec.job, due.tick(now)
        if last_ticks.get(name) != tick:
            enqueue(redis, [due.spec], f"tick-{name}-{tick}")
            last_ticks[name] = tick


def main(_: argparse.Namespace) -> int:
    """Enqueue due jobs until told to stop."""
    settings = Settings.from_environment()
    set_up_logging(settings)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    redis = open_redis(settings.redis_url)
    if not wait_for_redis(redis, settings.redis_url, stop):
        return 0
    claim_redis(redis, settings)
    outbox = Outbox(Database(settings.database_url), redis)
    last_ticks: dict[str, int] = {}
    while not stop.wait(1):
        try:
            claim_redis(redis, settings)  # it may have been emptied, and be another App's by now
            enqueue_due_jobs(redis, time.time(), last_ticks)
            outbox.relay()
        except RedisError as error:
            log.warning("Redis is away (%s); due jobs are enqueued when it is back", type(error).__name__)
        except DatabaseError as error:
            log.warning("%s; jobs that follow from records wait", error)
    return 0
