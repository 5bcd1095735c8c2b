"""Workers are killed at every kind of moment: no piece of work is lost, and its lane is never blocked."""

import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from handlers.queue.enqueue import enqueue, queue_lengths
from handlers.queue.job_spec import JobSpec, Priority
from tests.handlers.worker.small_worker import WRITES, ActionLog, fork, kill_all_forks, small_worker

PRIORITIES = tuple(Priority)


def pieces(count: int) -> list[JobSpec]:
    """As many jobs, over all queues and with four concurrency keys."""
    return [WRITES[n % 3](n, n % 4) for n in range(count)]


@pytest.fixture(autouse=True)
def no_fork_is_left() -> Iterator[None]:
    yield
    kill_all_forks()


def work_it_off(url: str, redis: Redis, book: ActionLog) -> None:
    """Let a worker that is not killed do the rest; deaths are noticed after the lease of the small worker."""
    end = time.monotonic() + 30
    while redis.keys("rq:job:*") and time.monotonic() < end:
        small_worker(url, book).work(burst=True)
        for queue in PRIORITIES:
            redis.zunionstore(f"rq:scheduled:{queue}", {f"rq:scheduled:{queue}": 0})  # all that is due later is due now
        time.sleep(0.1)


def assert_all_done_and_nothing_left(redis: Redis, book: ActionLog, count: int) -> Counter[str]:
    ends = Counter(line for line in book.lines() if line.startswith("end "))
    assert sorted(ends) == sorted(f"end {n}" for n in range(count))
    assert sum(queue_lengths(redis).values()) == 0
    assert not redis.keys("rq:job:*")
    assert redis.hlen("wharfinger:holders") == 0
    assert not redis.keys("wharfinger:running:*")
    assert not redis.keys("wharfinger:waiting:*")
    return ends


def kill_at_commands(url: str, redis: Redis, book: ActionLog, points: list[int]) -> None:
    """Start workers that die at these points, two at a time, each with work of its own."""
    work = pieces(len(points))
    for place in range(0, len(points), 2):
        enqueue(redis, work[place : place + 2])
        for mortal in [fork(url, book, point) for point in points[place : place + 2]]:
            mortal.join(30)
            assert mortal.exitcode == -signal.SIGKILL
    work_it_off(url, redis, book)
    assert_all_done_and_nothing_left(redis, book, len(points))


def test_no_death_between_two_commands_loses_work(redis_url: str, redis: Redis, tmp_path: Path) -> None:
    points = sorted(random.Random(20).sample(range(4, 60), 20))  # noqa: S311 - the same twenty each time
    kill_at_commands(redis_url, redis, ActionLog(tmp_path / "book"), points)


@pytest.mark.soak
def test_no_death_between_two_commands_loses_work_five_hundred_times(
    redis_url: str, redis: Redis, tmp_path: Path
) -> None:
    points = [random.randrange(2, 120) for _ in range(500)]  # noqa: S311 - another five hundred each time
    kill_at_commands(redis_url, redis, ActionLog(tmp_path / "book"), points)


def storm(url: str, redis: Redis, book: ActionLog, *, kill: bool, restarts: int) -> Counter[str]:
    """Restart the only worker again and again while work comes in."""
    count = 0
    for _ in range(restarts):
        process = fork(url, book)
        until = time.monotonic() + random.uniform(0.35, 0.8)  # noqa: S311 - any moment will do
        while time.monotonic() < until:
            enqueue(redis, pieces(count + 1)[count:])
            count += 1
            time.sleep(0.01)
        process.kill() if kill else process.terminate()
        process.join(10)
        assert process.exitcode is not None
    work_it_off(url, redis, book)
    return assert_all_done_and_nothing_left(redis, book, count)


def test_restarts_by_kill_lose_nothing(redis_url: str, redis: Redis, tmp_path: Path) -> None:
    storm(redis_url, redis, ActionLog(tmp_path / "book"), kill=True, restarts=3)


def test_polite_restarts_lose_nothing_and_do_nothing_twice(redis_url: str, redis: Redis, tmp_path: Path) -> None:
    ends = storm(redis_url, redis, ActionLog(tmp_path / "book"), kill=False, restarts=3)
    assert set(ends.values()) == {1}


@pytest.mark.soak
@pytest.mark.parametrize("kill", [True, False])
def test_thirty_restarts_lose_nothing(redis_url: str, redis: Redis, tmp_path: Path, *, kill: bool) -> None:
    storm(redis_url, redis, ActionLog(tmp_path / "book"), kill=kill, restarts=30)
