"""An organization whose pushes are looked at: what GitHub tells goes through the table of events, the queue and a worker."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from redis import Redis

from bot.checks.rules import RULES
from handlers.events.event_table import jobs_for_event
from handlers.jobs.job_table import JOBS
from handlers.queue.enqueue import QUEUES, enqueue
from handlers.worker.loop import Worker
from tests.app.acme import AcmeInstallation, acme_on
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.state.checks import FakeCheckRun
from tests.fakes.github.state.issues import FakeIssue

NO_RULES = "".join(f"  {rule.name}: false\n" for rule in RULES)


def policy(mode: str = "observe") -> str:
    """A policy of alerts alone, whose alerts go to a repository of their own."""
    return f"version: 1\nmode: {mode}\nreports: {{central: acme/security}}\nrules:\n{NO_RULES}"


@dataclass
class PushScenario:
    """The organization, and the worker that does what its events ask for."""

    acme: AcmeInstallation
    redis: Redis
    deliveries_taken: int = field(default=0)  # deliveries that were taken up so far

    def repository(self, name: str, files: dict[str, str]) -> ScenarioRepository:
        return self.acme.organization.repository(name, files)

    @property
    def security(self) -> list[FakeIssue]:
        """The issues of the central repository."""
        return self.acme.github.repository("acme/security").issues

    def work_until_idle(self, *, without: str = "") -> None:
        """Take up what GitHub told, but nothing about one event, and do what it asks for."""
        deliveries = self.acme.github.deliveries
        for delivery in deliveries[self.deliveries_taken :]:
            if delivery.event != without:
                enqueue(self.redis, jobs_for_event(delivery.event, json.loads(delivery.body)).jobs)
        self.deliveries_taken = len(deliveries)
        Worker(self.redis, JOBS, self.acme.context).work(burst=True)
        assert not any(self.redis.zcard(f"rq:failed:{queue}") for queue in QUEUES)

    def run(self, repository: ScenarioRepository, commit: str) -> FakeCheckRun:
        """The check run that people see on a commit."""
        return repository.check_runs(commit, "publishing")[-1]


@contextmanager
def push_scenario(redis: Redis, mode: str = "observe", without: tuple[str, ...] = ()) -> Iterator[PushScenario]:
    """Open the story; `without` withholds permissions."""
    with acme_on(redis, policy=policy(mode), without=without) as acme:
        acme.organization.repository("security", {"README.md": "alerts"})
        yield PushScenario(acme, redis)
