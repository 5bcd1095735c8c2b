"""The real worker with the real jobs, in a process of its own that may be killed.

The processes are forked from one that has loaded everything already, more than tests.handlers.worker.small_worker needs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from bot.model.core_types import RegistryId
from handlers.config.context import open_context
from handlers.config.redis_client import open_redis
from handlers.config.settings import Settings
from handlers.jobs.job_table import JOBS
from handlers.records.schema.migrate import open_records
from handlers.worker.loop import Worker
from tests.conftest import NO_REGISTRY, environment
from tests.handlers.worker.small_worker import FAST_PACE, FORKS, die_after

FORKS.set_forkserver_preload(["tests.app.app_worker"])


@dataclass(frozen=True)
class WorkerStarter:
    """Where a worker finds its work and GitHub, and as whom."""

    redis_url: str
    api: str
    app_id: int
    private_key: str
    token_key: str
    data: str  # the App's folder, with its records
    registries: Mapping[RegistryId, str] = field(default_factory=lambda: NO_REGISTRY)
    database_url: str = ""  # of a PostgreSQL that has the records instead

    def worker(self) -> Worker:
        """Open a worker whose pace is fast, so that deaths are noticed within a second."""
        settings = Settings.from_environment(
            environment(
                REDIS_URL=self.redis_url,
                WHARFINGER_GITHUB_API=self.api,
                WHARFINGER_APP_ID=str(self.app_id),
                WHARFINGER_PRIVATE_KEY=self.private_key,
                WHARFINGER_TOKEN_KEYS=self.token_key,
                WHARFINGER_DATA=self.data,
                DATABASE_URL=self.database_url,
                WHARFINGER_REGISTRY_ADDRESSES=",".join(f"{name}={place}" for name, place in self.registries.items()),
            )
        )
        redis = open_redis(self.redis_url)
        return Worker(redis, JOBS, open_context(settings, redis, open_records(settings)), FAST_PACE)

    def start(self, commands: int | None = None) -> BaseProcess:
        """Start a worker; after so many commands sent to Redis it dies as by `kill -9`.

        As it asks Redis before each call to GitHub, that is between any two calls. It is at work when this returns.
        """
        ready, say = FORKS.Pipe(duplex=False)  # an Event is waited for without end when its other side dies in it
        process = FORKS.Process(target=_run_worker, args=(self, commands, say), daemon=True)
        process.start()
        say.close()
        assert ready.poll(60), "the worker did not start"
        ready.recv()
        ready.close()
        return process


def _run_worker(starter: WorkerStarter, commands: int | None, ready: Connection) -> None:
    worker = starter.worker()
    if commands is not None:
        die_after(worker, commands)
    ready.send(True)  # noqa: FBT003 - anything will do
    ready.close()
    worker.work()
