"""The real App on a time of its own: receiver, queue, worker and clock, with real deliveries between it and the stand-ins."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from redis import Redis

from bot.model.core_types import RegistryId
from bot.packages.http_client import RegistryTelephone
from handlers.config.context import open_context
from handlers.config.redis_client import open_redis
from handlers.config.settings import Settings
from handlers.jobs.job_table import JOBS
from handlers.queue.enqueue import QUEUES
from handlers.worker.clock import TIMETABLE, ask
from handlers.worker.worker import Worker
from tests.conftest import environment
from tests.fakes.github.fake_github import StandIn
from tests.handlers.web.running_receiver import Web

ALIGNED = 300  # seconds: each line of the timetable that is asked for so often is asked for when the story begins
MOST_ROUNDS = 50  # deliveries that ask for work that makes deliveries …


@dataclass
class App:
    """A running Wharfinger, which does everything that is due before time goes on."""

    github: StandIn
    redis: Redis
    worker: Worker
    asked: dict[str, int] = field(default_factory=dict)

    @property
    def now(self) -> float:
        return self.github.clock.now()

    def work(self) -> None:
        """Deliver what is to be delivered, and do what that asks for, until nothing is left."""
        for _ in range(MOST_ROUNDS):
            self.github.settle()
            self.worker.work(burst=True)
            self.github.settle()
            if not any(self.redis.llen(f"rq:queue:{queue}") for queue in QUEUES):
                return
        raise AssertionError("the App goes round in a circle: its work makes deliveries that make work")

    def tick(self) -> None:
        """Ask for what the timetable says is due now, and do it."""
        ask(self.redis, self.now, self.asked)
        self.work()

    def settle_in(self) -> None:
        """Be there for some minutes: everything was looked at, and what that led to was done."""
        self.tick()
        self.pass_until(self.now + ALIGNED)
        self.tick()

    def next_tick(self) -> float:
        """Say when something is due next."""
        return min((due.tick(self.now) + 1) * due.every for due in TIMETABLE)

    def pass_until(self, moment: float) -> None:
        """Let time pass, and no more: what was put off for some seconds is due so much sooner."""
        seconds = moment - self.now
        self.github.clock.advance(seconds=seconds)
        for queue in QUEUES:
            later: list[Any] = self.redis.zrange(f"rq:scheduled:{queue}", 0, -1)
            for job in later:
                self.redis.zincrby(f"rq:scheduled:{queue}", -seconds, job)

    def given_up(self) -> list[str]:
        """Say what failed for good, or was put off and never came."""
        kept = [f"rq:{registry}:{queue}" for registry in ("failed", "scheduled") for queue in QUEUES]
        jobs: list[Any] = [job for name in kept for job in self.redis.zrange(name, 0, -1)]
        return [f"the work {job.decode()} failed, or still waits" for job in jobs]


@contextmanager
def running(
    github: StandIn, registries: Mapping[RegistryId, str], roots: tuple[bytes, ...], redis_url: str
) -> Iterator[App]:
    """Start the App for that GitHub and those registries, on an empty Redis; their time and its is one and stands still."""
    github.clock.stands_at = (github.clock.now() // ALIGNED + 1) * ALIGNED
    settings = Settings.from_environment(
        environment(
            REDIS_URL=redis_url,
            WHARFINGER_APP_ID=str(github.app.id),
            WHARFINGER_PRIVATE_KEY=github.private_key,
            WHARFINGER_WEBHOOK_SECRET=github.app.webhook_secret,
            WHARFINGER_GITHUB_API=github.base_url,
        )
    )
    with open_redis(redis_url) as redis, Web(settings) as web:
        redis.flushall()
        opened = open_context(replace(settings, trusted_roots=roots), redis)
        telephone = RegistryTelephone(opened.catalogue, registries)
        context = replace(opened, clock=github.clock.moment, registries=telephone)
        github.deliver_to(f"{web.url}/webhook")
        yield App(github, redis, Worker(redis, JOBS, context))
        context.telephone.close()
        telephone.close()
