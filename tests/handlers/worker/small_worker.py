"""The real worker with small jobs that write into a file what they do, as a process of its own that may be killed.

Run as `python -m tests.handlers.worker.small_worker REDIS_URL FILE`, or forked from a process that has loaded everything already. Its
pace is fast, so that deaths are noticed within a second.
"""

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import mkdtemp

from bot.model.errors import RetryLaterError
from handlers.config.context import Context, JobFunction, open_context
from handlers.config.redis_client import open_redis
from handlers.config.settings import Settings
from handlers.queue.job_spec import JobSpec, Priority
from handlers.records.schema.migrate import open_records
from handlers.worker.loop import Worker, WorkerTiming
from tests.conftest import environment, migrated_copy

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.handlers.worker.small_worker"])
FAST_PACE = WorkerTiming(lease=0.6, heartbeat=0.15, sweep=0.2, wakeup=0.1, grace=0.5)


@dataclass(frozen=True)
class ActionLog:
    """A file that outlives any process: one line for each thing that a job did."""

    path: Path

    def append(self, line: str) -> None:
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, f"{line}\n".encode())
        os.close(file)

    def lines(self) -> list[str]:
        return self.path.read_text().splitlines() if self.path.exists() else []


@dataclass(frozen=True, slots=True)
class SmallJob(JobSpec):
    priority = Priority.CHECK

    number: int


@dataclass(frozen=True, slots=True)
class Write(SmallJob):
    job = "write"


@dataclass(frozen=True, slots=True)
class Slow(SmallJob):
    job = "slow"


@dataclass(frozen=True, slots=True)
class Fail(SmallJob):
    job = "fail"


@dataclass(frozen=True, slots=True)
class Later(SmallJob):
    job = "later"


@dataclass(frozen=True, slots=True)
class Stuck(SmallJob):
    job = "stuck"


@dataclass(frozen=True, slots=True)
class Deadly(SmallJob):
    job = "deadly"


@dataclass(frozen=True, slots=True)
class SharedWrite(Write):
    concurrency = "repository-{repository}"

    repository: int


@dataclass(frozen=True, slots=True)
class UrgentWrite(SharedWrite):
    job = "urgent-write"
    priority = Priority.GATE


@dataclass(frozen=True, slots=True)
class CheckWrite(SharedWrite):
    job = "check-write"


@dataclass(frozen=True, slots=True)
class SweepWrite(SharedWrite):
    job = "sweep-write"
    priority = Priority.SWEEP


WRITES = (UrgentWrite, CheckWrite, SweepWrite)


def small_jobs(log: ActionLog) -> Mapping[type[JobSpec], JobFunction]:
    def write(context: Context, spec: Write) -> None:
        del context
        log.append(f"begin {spec.number}")
        time.sleep(0.02)
        log.append(f"end {spec.number}")

    def slow(context: Context, spec: Slow) -> None:
        del context
        log.append(f"begin {spec.number}")
        time.sleep(1.5)
        log.append(f"end {spec.number}")

    def fail(context: Context, spec: Fail) -> None:
        log.append(f"fail {spec.number}")
        raise ValueError(f"ghs_{'x' * 40} {context.settings.app_id}")

    def later(context: Context, spec: Later) -> None:
        log.append(f"later {spec.number} for {context.delivery_id}")
        if len(log.lines()) == 1:
            raise RetryLaterError("GitHub asks us to wait", seconds=1)

    def stuck(context: Context, spec: Stuck) -> None:
        del context
        log.append(f"stuck {spec.number}")
        sum(range(10**12))  # one call into C that no signal interrupts

    def deadly(context: Context, spec: Deadly) -> None:
        """Kill so many workers."""
        del context
        log.append(f"deadly {spec.number}")
        if len(log.lines()) <= spec.number:
            os.kill(os.getpid(), signal.SIGKILL)

    return {
        **dict.fromkeys((Write, *WRITES), write),
        Slow: slow,
        Fail: fail,
        Later: later,
        Stuck: stuck,
        Deadly: deadly,
    }


def small_worker(url: str, log: ActionLog) -> Worker:
    redis = open_redis(url)
    folder = migrated_copy(Path(mkdtemp(prefix="wf")))
    settings = Settings.from_environment(environment(REDIS_URL=url, WHARFINGER_DATA=str(folder)))
    return Worker(redis, small_jobs(log), open_context(settings, redis, open_records(settings)), FAST_PACE)


def die_after(worker: Worker, commands: int) -> None:
    """Let every connection of the worker count what it sends, all together, and kill the process at that point."""
    count = iter(range(commands))

    class Mortal(worker.connection.connection_pool.connection_class):  # type: ignore[name-defined,misc]  # known only when it runs
        def send_packed_command(self, command: object, check_health: bool = True) -> None:  # noqa: FBT001, FBT002 - the library's own signature
            if next(count, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)
            super().send_packed_command(command, check_health)

    worker.connection.connection_pool.reset()
    worker.connection.connection_pool.connection_class = Mortal


def command(url: str, log: ActionLog) -> tuple[str, ...]:
    """How it is started as a process that has everything yet to load."""
    return sys.executable, "-m", "tests.handlers.worker.small_worker", url, str(log.path)


def fork(url: str, log: ActionLog, commands: int | None = None) -> BaseProcess:
    """Start it as a process within milliseconds; after so many commands sent to Redis it dies as by `kill -9`."""
    process = FORKS.Process(target=_run_worker, args=(url, log, commands), daemon=True)
    process.start()
    return process


def kill_all_forks() -> None:
    """For the end of a test, even of one that failed: none may take another's work."""
    for process in multiprocessing.active_children():
        process.kill()
        process.join(10)


def _run_worker(url: str, log: ActionLog, commands: int | None = None) -> None:
    worker = small_worker(url, log)
    if commands is not None:
        die_after(worker, commands)
    worker.work()


if __name__ == "__main__":
    _run_worker(sys.argv[1], ActionLog(Path(sys.argv[2])))
