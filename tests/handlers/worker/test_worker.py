"""The worker's promises on a real Redis: put off, tried again, failed for good, no code from Redis, a stop that loses nothing."""

import json
import os
import pickle
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from redis import Redis

from handlers.queue.enqueue import CRASH_RETRY_DELAYS, enqueue
from tests.conftest import EmbeddedRedis, Start
from tests.handlers.worker.small_worker import ActionLog, Deadly, Fail, Later, Slow, Stuck, Write, command, small_worker


@pytest.fixture
def book(tmp_path: Path) -> ActionLog:
    return ActionLog(tmp_path / "book")


def wait_for(what: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def test_good_work_leaves_nothing_behind(redis_url: str, redis: Redis, book: ActionLog) -> None:
    enqueue(redis, [Write(1)])
    small_worker(redis_url, book).work(burst=True)
    assert book.lines() == ["begin 1", "end 1"]
    assert not redis.keys("rq:job:*")
    assert not redis.exists("wharfinger:leases")
    assert redis.hgetall("wharfinger:counts") == {b"done:write": b"1"}


def test_a_worker_that_left_no_longer_catches_signals(redis_url: str, book: ActionLog) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    small_worker(redis_url, book).work(burst=True)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_work_that_github_puts_off_is_done_later_without_using_up_an_attempt(
    redis_url: str, redis: Redis, book: ActionLog
) -> None:
    enqueue(redis, [Later(1)], "delivery-1")
    small_worker(redis_url, book).work(burst=True)
    assert redis.hget("rq:job:later-1", "status") == b"scheduled"
    assert redis.hget("rq:job:later-1", "retries_left") == b"4"
    wait_for(lambda: redis.zcount("rq:scheduled:check", 0, time.time()))
    small_worker(redis_url, book).work(burst=True)
    assert book.lines() == ["later 1 for delivery-1", "later 1 for delivery-1"]
    assert not redis.keys("rq:job:*")


def test_failing_work_is_tried_five_times_with_growing_pauses_and_then_dead(
    redis_url: str, redis: Redis, book: ActionLog
) -> None:
    enqueue(redis, [Fail(1)])
    pauses = []
    for _ in range(5):
        small_worker(redis_url, book).work(burst=True)
        due = redis.zscore("rq:scheduled:check", "fail-1")
        if due is not None:
            pauses.append(round((due - time.time()) / 5) * 5)
            redis.zadd("rq:scheduled:check", {"fail-1": 1})
    assert len(book.lines()) == 5
    assert pauses == [5, 30, 120, 600]
    assert redis.zrange("rq:failed:check", 0, -1) == [b"fail-1"]
    assert redis.hget("rq:job:fail-1", "status") == b"failed"


def test_what_is_kept_of_an_error_holds_none_of_its_words(redis_url: str, redis: Redis, book: ActionLog) -> None:
    enqueue(redis, [Fail(1)])
    small_worker(redis_url, book).work(burst=True)
    reason = redis.hget("rq:job:fail-1", "reason")
    assert isinstance(reason, bytes)
    assert reason.startswith(b"ValueError at small_worker.py:")
    assert not any(b"ghs_" in (redis.dump(key) or b"") for key in redis.keys("*"))


class PickledBomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.path}",)


def test_nothing_in_redis_runs_code(redis_url: str, redis: Redis, book: ActionLog, tmp_path: Path) -> None:
    bomb = pickle.dumps(PickledBomb(tmp_path / "exploded"))
    fields: dict[bytes | str, bytes | str] = {
        b"created_at": b"2026-01-01T00:00:00.0Z",
        b"origin": b"check",
        b"status": b"queued",
        b"result_ttl": b"0",
    }
    call = json.dumps(["os.system", None, [f"touch {tmp_path / 'exploded'}"], {}])
    good = Write(1).to_json()
    jobs: dict[str, dict[bytes | str, bytes | str]] = {
        "pickle": {**fields, b"data": bomb},
        "import": {**fields, b"data": call},
        "rq-job": {**fields, b"data": json.dumps(["write", None, [1], {}])},
        "method": {**fields, b"data": json.dumps(["system", "os", ["true"], {}])},
        "nested": {**fields, b"data": good.replace("1}}", "[1]}}")},
        "not-a-list": {**fields, b"data": "17"},
        "bad-time": {**fields, b"data": good, b"created_at": b"yesterday"},
        "callback": {**fields, b"data": good, b"success_callback_name": b"os.getcwd", b"meta": bomb, b"result": bomb},
        "webhook": {**fields, b"data": good, b"webhooks": json.dumps([{"url": "http://127.0.0.1:9/"}])},
    }
    for name, hash_fields in jobs.items():
        redis.hset(f"rq:job:{name}", mapping=hash_fields)  # type: ignore[arg-type]  # the library's type of a mapping knows no unions of keys
        redis.rpush("rq:queue:check", name)
    small_worker(redis_url, book).work(burst=True)
    assert not (tmp_path / "exploded").exists()
    assert book.lines() == ["begin 1", "end 1"] * 2  # the last two: their callbacks were not even read
    failed = {name for name in jobs if redis.zscore("rq:failed:check", name) is not None}
    assert failed == {"pickle", "import", "rq-job", "method", "nested", "not-a-list", "bad-time"}


def test_a_polite_stop_finishes_the_job_and_loses_nothing(
    redis_url: str, redis: Redis, book: ActionLog, start: Start
) -> None:
    enqueue(redis, [Slow(1), Slow(2)])
    worker = start(*command(redis_url, book))
    wait_for(lambda: book.lines() == ["begin 1"])
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0
    assert book.lines() == ["begin 1", "end 1"]
    assert redis.lrange("rq:queue:check", 0, -1) == [b"slow-2"]
    assert redis.hlen("wharfinger:holders") == 0


def test_long_work_is_not_taken_from_a_living_worker(
    redis_url: str, redis: Redis, book: ActionLog, start: Start
) -> None:
    enqueue(redis, [Slow(1)])  # longer than two leases
    workers = [start(*command(redis_url, book)), start(*command(redis_url, book))]
    wait_for(lambda: "end 1" in book.lines())
    for worker in workers:
        worker.send_signal(signal.SIGTERM)
        worker.wait(60)
    assert book.lines() == ["begin 1", "end 1"]


def expired_lease(redis: Redis) -> int:
    return redis.zcount("wharfinger:leases", 0, time.time())


def test_nothing_a_killed_worker_left_keeps_its_successor_from_ending_the_job(
    redis_url: str, redis: Redis, book: ActionLog, start: Start
) -> None:
    enqueue(redis, [Deadly(1)])
    assert start(*command(redis_url, book)).wait(60) == -signal.SIGKILL
    for record in redis.keys("rq:execution:*"):
        redis.delete(record)  # as when they expire, a minute before what refers to them
    wait_for(lambda: expired_lease(redis))
    small_worker(redis_url, book).work(burst=True)
    assert book.lines() == ["deadly 1"] * 2
    assert redis.hgetall("wharfinger:counts") == {b"done:deadly": b"1"}
    assert not redis.keys("rq:job:*")
    assert not redis.keys("rq:wip:*")


def test_a_worker_stuck_in_a_library_leaves_and_its_job_is_dead_after_so_many_deaths(
    redis_url: str, redis: Redis, book: ActionLog, start: Start
) -> None:
    enqueue(redis, [Stuck(1)])
    redis.hset("rq:job:stuck-1", mapping={"timeout": 1, "crashes": len(CRASH_RETRY_DELAYS)})
    worker = start(*command(redis_url, book))
    assert worker.wait(60) == 1
    wait_for(lambda: expired_lease(redis))
    small_worker(redis_url, book).work(burst=True)
    assert redis.zrange("rq:failed:check", 0, -1) == [b"stuck-1"]
    assert redis.hget("rq:job:stuck-1", "reason") == b"its worker crashed while running it, 10 times"


def test_work_goes_on_when_redis_was_away(own_redis: EmbeddedRedis, book: ActionLog, start: Start) -> None:
    worker = start(*command(own_redis.url, book))
    with Redis.from_url(own_redis.url) as redis:
        wait_for(lambda: any(client["cmd"] == "blpop" for client in redis.client_list()))  # it waits for work
        own_redis.kill()
        time.sleep(0.3)
        own_redis.start()
        enqueue(redis, [Write(1)])
        wait_for(lambda: book.lines() == ["begin 1", "end 1"])
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0
