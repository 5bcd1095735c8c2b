"""The clock: what is due is asked for once in each interval, by however many clocks."""

from redis import Redis

from handlers.jobs.job_table import JOBS
from handlers.queue.enqueue import queue_lengths
from handlers.queue.job_spec import Priority
from handlers.worker.clock import TIMETABLE, enqueue_due_jobs

NOON = 1_800_000_000 - 1_800_000_000 % 21_600  # the beginning of an interval of every line


def waiting(redis: Redis) -> set[bytes | str]:
    return {piece for queue in Priority for piece in redis.lrange(f"rq:queue:{queue}", 0, -1)}


def finish_all(redis: Redis) -> None:
    """As workers leave it."""
    for key in (*redis.keys("rq:job:*"), *redis.keys("rq:queue:*")):
        redis.delete(key)


def test_the_timetable_names_jobs_that_there_are() -> None:
    assert {type(due.spec) for due in TIMETABLE} <= set(JOBS)


def test_everything_is_due_at_the_first_look(redis: Redis) -> None:
    enqueue_due_jobs(redis, NOON, {})
    assert len(waiting(redis)) == len(TIMETABLE)


def test_two_clocks_ask_for_nothing_twice(redis: Redis) -> None:
    enqueue_due_jobs(redis, NOON, {})
    finish_all(redis)
    enqueue_due_jobs(redis, NOON + 29, {})
    assert sum(queue_lengths(redis).values()) == 0


def test_the_next_interval_asks_again_for_what_is_due_then(redis: Redis) -> None:
    asked: dict[str, int] = {}
    enqueue_due_jobs(redis, NOON, asked)
    finish_all(redis)
    enqueue_due_jobs(redis, NOON + 301, asked)
    often = [due.spec for due in TIMETABLE if due.interval <= 300]
    assert waiting(redis) == {spec.deduplication_key.encode() for spec in often}


def test_what_still_waits_is_not_queued_twice(redis: Redis) -> None:
    asked: dict[str, int] = {}
    enqueue_due_jobs(redis, NOON, asked)
    enqueue_due_jobs(redis, NOON + 301, asked)
    assert sum(queue_lengths(redis).values()) == len(TIMETABLE)
