"""The real App on a time of its own: receiver, queue, worker and clock, with real deliveries between it and the stand-ins."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from redis import Redis

from bot.model.core_types import RegistryId
from bot.packages.http_client import RegistryHttpClient
from handlers.config.context import open_context
from handlers.config.database import Database
from handlers.config.redis_client import open_redis
from handlers.config.settings import Settings
from handlers.jobs.job_table import JOBS
from handlers.queue.enqueue import QUEUES
from handlers.records.schema.migrate import open_records
from handlers.worker.clock import TIMETABLE, enqueue_due_jobs
from handlers.worker.loop import Worker
from tests.conftest import environment, migrated_copy
from tests.fakes.github.fake_github import FakeGitHub
from tests.handlers.web.running_receiver import RunningReceiver

TIMETABLE_PERIOD = (
    300  # seconds: each line of the timetable that is asked for so often is asked for when the story begins
)
MAX_ROUNDS = 50  # deliveries that ask for work that makes deliveries …


@dataclass
class InProcessApp:
    """A running Wharfinger, which does everything that is due before time goes on."""

    github: FakeGitHub
    redis: Redis
    worker: Worker
    last_ticks: dict[str, int] = field(default_factory=dict)

    @property
    def records(self) -> Database:
        return self.worker.context.records

    @property
    def now(self) -> float:
        return self.github.clock.now()

    def work_until_idle(self) -> None:
        """Deliver what is to be delivered, and do what that asks for, until nothing is left."""
        for _ in range(MAX_ROUNDS):
            self.github.wait_for_deliveries()
            self.worker.work(burst=True)
            self.github.wait_for_deliveries()
            if not any(self.redis.llen(f"rq:queue:{queue}") for queue in QUEUES):
                return
        raise AssertionError("the App goes round in a circle: its work makes deliveries that make work")

    def run_due_jobs(self) -> None:
        """Ask for what the timetable says is due now, and do it."""
        enqueue_due_jobs(self.redis, self.now, self.last_ticks)
        self.work_until_idle()

    def run_first_minutes(self) -> None:
        """Be there for some minutes: everything was looked at, and what that led to was done."""
        self.run_due_jobs()
        self.advance_to(self.now + TIMETABLE_PERIOD)
        self.run_due_jobs()

    def next_tick(self) -> float:
        """Say when something is due next."""
        return min((due.tick(self.now) + 1) * due.interval for due in TIMETABLE)

    def advance_to(self, time: float) -> None:
        """Let time pass, and no more: what was put off for some seconds is due so much sooner."""
        seconds = time - self.now
        self.github.clock.advance(seconds=seconds)
        for queue in QUEUES:
            later: list[Any] = self.redis.zrange(f"rq:scheduled:{queue}", 0, -1)
            for job in later:
                self.redis.zincrby(f"rq:scheduled:{queue}", -seconds, job)

    def failed_jobs(self) -> list[str]:
        """Say what failed for good, or was put off and never came."""
        kept = [f"rq:{registry}:{queue}" for registry in ("failed", "scheduled") for queue in QUEUES]
        jobs: list[Any] = [job for name in kept for job in self.redis.zrange(name, 0, -1)]
        return [f"the work {job.decode()} failed, or still waits" for job in jobs]


@contextmanager
def running_in_process(
    github: FakeGitHub, registries: Mapping[RegistryId, str], roots: tuple[bytes, ...], redis_url: str
) -> Iterator[InProcessApp]:
    """Start the App for that GitHub and those registries, on an empty Redis; their time and its is one and stands still."""
    github.clock.frozen_at = (github.clock.now() // TIMETABLE_PERIOD + 1) * TIMETABLE_PERIOD
    with TemporaryDirectory(prefix="wf") as folder:
        yield from _running(github, registries, roots, redis_url, migrated_copy(Path(folder)))


def _running(
    github: FakeGitHub,
    registries: Mapping[RegistryId, str],
    roots: tuple[bytes, ...],
    redis_url: str,
    data: Path,
) -> Iterator[InProcessApp]:
    settings = Settings.from_environment(
        environment(
            REDIS_URL=redis_url,
            WHARFINGER_DATA=str(data),
            WHARFINGER_APP_ID=str(github.app.id),
            WHARFINGER_PRIVATE_KEY=github.private_key,
            WHARFINGER_WEBHOOK_SECRET=github.app.webhook_secret,
            WHARFINGER_GITHUB_API=github.base_url,
        )
    )
    with open_redis(redis_url) as redis, RunningReceiver(settings) as web:
        redis.flushall()
        records = open_records(settings)
        opened = open_context(replace(settings, trusted_roots=roots), redis, records)
        telephone = RegistryHttpClient(opened.catalog, registries)
        context = replace(opened, clock=github.clock.utc_now, registry_client=telephone)
        github.deliver_to(f"{web.url}/webhook")
        yield InProcessApp(github, redis, Worker(redis, JOBS, context))
        context.github.close()
        records.close()
        telephone.close()
