"""Enqueues recurring jobs when they are due; several clocks can run at once."""

import argparse
import logging
import signal
import time
from dataclasses import dataclass
from threading import Event

from redis import Redis
from redis.exceptions import RedisError

from handlers.config.logs import set_up_logging
from handlers.config.redis_client import open_redis, wait_for_redis
from handlers.config.settings import Settings
from handlers.queue.enqueue import enqueue
from handlers.queue.job_specs import JobSpec, Priority

log = logging.getLogger("wharfinger.clock")


@dataclass(frozen=True, slots=True)
class ScheduledJob:
    """One line of the timetable: a job without arguments, and the seconds between two times it is asked for."""

    job: str
    interval: int
    priority: Priority = Priority.SWEEP

    def tick(self, now: float) -> int:
        """Return the number of the present interval, the same on every machine."""
        return int(now) // self.interval


MINUTE, HOUR, DAY = 60, 3600, 86_400

TIMETABLE = (
    ScheduledJob("missed_deliveries", 5 * MINUTE),  # GitHub does not send a failed delivery again by itself
    ScheduledJob("look_at_latest_tags", 5 * MINUTE),  # GitHub tells nobody of a push of more than three tags
    ScheduledJob("sweep_check_runs", 5 * MINUTE),  # a check run left in progress is completed
    ScheduledJob("sweep_gates", MINUTE, Priority.GATE),  # what waits at a gate is looked at again
    ScheduledJob(
        "sweep_releases", MINUTE, Priority.CHECK
    ),  # versions that a tag announced and that are not accounted for yet
    ScheduledJob(
        "watch", 30, Priority.CHECK
    ),  # packages that are due at their registries, alerts that GitHub was not told of
    ScheduledJob("sweep", 6 * HOUR),  # every repository, oldest first: what no event told us
    ScheduledJob("diagnose", 15 * MINUTE),  # what the set-up page shows of GitHub
    ScheduledJob("digests", HOUR),  # each is written once in its period
    ScheduledJob("remind", DAY),  # issues that are open: a reminder may be due, an event may have been missed
)


def enqueue_due_jobs(redis: Redis, now: float, last_ticks: dict[str, int]) -> None:
    """Enqueue each job whose interval has not been asked for yet; `asked` remembers the last tick of each.

    The tick is remembered in Redis too, as a delivery is: a second clock, or this one started anew, asks for nothing
    twice. A job that still waits from the tick before is not queued again.
    """
    for due in TIMETABLE:
        tick = due.tick(now)
        if last_ticks.get(due.job) == tick:
            continue
        enqueue(redis, [JobSpec(due.job, due.priority, due.job, ())], f"tick-{due.job}-{tick}")
        last_ticks[due.job] = tick


def main(_: argparse.Namespace) -> int:
    """Tick until told to stop."""
    settings = Settings.from_environment()
    set_up_logging(settings)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    redis = open_redis(settings.redis_url)
    wait_for_redis(redis, settings.redis_url)
    asked: dict[str, int] = {}
    while not stop.wait(1):
        try:
            enqueue_due_jobs(redis, time.time(), asked)
        except RedisError as error:
            log.warning("Redis is away (%s); what is due is asked for when it is back", type(error).__name__)
    return 0
