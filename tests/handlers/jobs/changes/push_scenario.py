"""An organisation whose pushes are looked at: what GitHub tells goes through the table of events, the queue and a worker."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from redis import Redis

from bot.checks.rules import RULES
from handlers.events.events import work_for
from handlers.jobs.job_table import JOBS
from handlers.queue.enqueue import QUEUES, enqueue
from handlers.worker.worker import Worker
from tests.app.acme import Acme, acme_on
from tests.fakes.github.scenario.scenario_repository import Repository
from tests.fakes.github.state.checks import CheckRun
from tests.fakes.github.state.issues import Issue

NO_RULES = "".join(f"  {rule.name}: false\n" for rule in RULES)


def policy(mode: str = "observe") -> str:
    """A policy of signals alone, whose alarms go to a repository of their own."""
    return f"version: 1\nmode: {mode}\nreports: {{central: acme/security}}\nrules:\n{NO_RULES}"


@dataclass
class Story:
    """The organisation, and the worker that does what its events ask for."""

    acme: Acme
    redis: Redis
    told: int = field(default=0)  # deliveries that were taken up so far

    def repository(self, name: str, files: dict[str, str]) -> Repository:
        return self.acme.organisation.repository(name, files)

    @property
    def security(self) -> list[Issue]:
        """The issues of the central repository."""
        return self.acme.github.repository("acme/security").issues

    def settle(self, *, without: str = "") -> None:
        """Take up what GitHub told, but nothing about one event, and do what it asks for."""
        deliveries = self.acme.github.deliveries
        for delivery in deliveries[self.told :]:
            if delivery.event != without:
                enqueue(self.redis, work_for(delivery.event, json.loads(delivery.body)).work)
        self.told = len(deliveries)
        Worker(self.redis, JOBS, self.acme.context).work(burst=True)
        assert not any(self.redis.zcard(f"rq:failed:{queue}") for queue in QUEUES)

    def run(self, repository: Repository, commit: str) -> CheckRun:
        """The check run that people see on a commit."""
        return repository.check_runs(commit, "publishing")[-1]


@contextmanager
def watched(redis: Redis, mode: str = "observe", without: tuple[str, ...] = ()) -> Iterator[Story]:
    """Open the story; `without` withholds permissions."""
    with acme_on(redis, policy=policy(mode), without=without) as acme:
        acme.organisation.repository("security", {"README.md": "alarms"})
        yield Story(acme, redis)
