"""Enqueues jobs in Redis without duplicates or lost updates, with the Lua scripts in lua/."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from redis import Redis

from handlers.queue.job_spec import JobSpec, Priority

DELIVERY_TTL = 3 * 24 * 3600  # seconds; GitHub lets a delivery be sent again for three days
FAILED_JOB_TTL = 30 * 24 * 3600  # seconds a failed job is kept
RETRY_DELAYS = (5, 30, 120, 600)  # seconds before each further attempt: RQ keeps them with the job
# Seconds before a job is tried again whose worker crashed: after the first crash, the second, …; one more is its last.
# A crash is seldom the job's fault, so there are more of these than RETRY_DELAYS: an hour of crashes loses no job.
CRASH_RETRY_DELAYS = (0, 5, 30, 120, 600, 600, 600, 600, 600)
TIMEOUTS = {Priority.GATE: 60, Priority.CHECK: 120, Priority.SWEEP: 600}  # seconds an attempt may take
LEASE_COUNTER = "wharfinger:lease-token"  # counted up by lua/take.lua
OWNER_KEY = "wharfinger:app"  # the App and the GitHub whose jobs the queue holds
WAKEUP_KEY = "wharfinger:wakeup"  # a list that the scripts push to, and on which idle workers wait
QUEUES = tuple(priority.value for priority in Priority)
CREATED_AT = "%Y-%m-%dT%H:%M:%S.%fZ"  # RQ's own form of a time
BATCH_SIZE = 500  # jobs that are given to Redis at a time

_LUA = Path(__file__).parent / "lua"


class EnqueueStatus(StrEnum):
    """Whether jobs were enqueued."""

    OK = "ok"
    FULL = "full"
    SUSPENDED = "suspended"
    FOREIGN = "foreign"  # this Redis belongs to another App


@dataclass(frozen=True, slots=True)
class EnqueueResult:
    """The queue's answer: how many jobs were queued, waited already, or (of a repeated delivery) are done."""

    status: EnqueueStatus
    queued: int = 0
    already_waiting: int = 0
    already_done: int = 0


@cache
def load_script(name: str) -> str:
    """Return the text of a script as it is sent to Redis."""
    return f"{(_LUA / 'prelude.lua').read_text()}\n{(_LUA / name).with_suffix('.lua').read_text()}"


ENQUEUE_SCRIPT = load_script("enqueue")


def job_fields(spec: JobSpec, delivery_id: str) -> str:
    """Return the hash fields of RQ's job, as JSON: the job and its arguments, nothing else of a payload."""
    now = datetime.now(UTC).strftime(CREATED_AT)
    return json.dumps(
        {
            "created_at": now,
            "enqueued_at": now,
            "origin": spec.priority.value,
            "concurrency_key": spec.concurrency_key,
            "installation": str(spec.arguments.get("installation", "")),
            "bulk": "1" if spec.bulk else "",
            "delivery": delivery_id,
            "description": spec.job,
            "data": spec.to_json(),
            "timeout": TIMEOUTS[spec.priority],
            "result_ttl": 0,
            "failure_ttl": FAILED_JOB_TTL,
            "retries_left": len(RETRY_DELAYS),
            "retry_intervals": json.dumps(RETRY_DELAYS),
        }
    )


def enqueue_arguments(  # noqa: PLR0913, PLR0917 - the arguments of a script
    specs: Iterable[JobSpec], delivery_id: str, installation: int, limit: int, suspension: str = "", app: str = ""
) -> list[str | int]:
    """Return the arguments of lua/enqueue.lua; `installation` may be 0, `suspension` is "suspend", "unsuspend" or empty.

    `app` claims Redis for an App in the same step; whoever claimed it before leaves it empty.
    """
    arguments: list[str | int] = [delivery_id, DELIVERY_TTL, installation or "", limit, suspension, app]
    for spec in specs:
        arguments += [spec.deduplication_key, job_fields(spec, delivery_id)]
    return arguments


def parse_enqueue_result(answer: list[Any]) -> EnqueueResult:
    """Read what lua/enqueue.lua answered."""
    return EnqueueResult(EnqueueStatus(answer[0].decode()), *map(int, answer[1:]))


def enqueue(redis: Redis, specs: Iterable[JobSpec], delivery_id: str = "", limit: int = 1_000_000) -> EnqueueResult:
    """Enqueue the jobs, all or nothing, and remember them under `delivery_id` so that a repeat is not done twice.

    A job that waits already is not queued again; one that a worker is running runs once more after that. Jobs and the
    clock use this; the receiver runs the same script with an asynchronous client. Raises redis.RedisError.
    """
    script = redis.register_script(ENQUEUE_SCRIPT)
    return parse_enqueue_result(script(args=enqueue_arguments(specs, delivery_id, 0, limit)))


def enqueue_stored(redis: Redis, stored: Iterable[tuple[str, str]]) -> None:
    """Enqueue jobs that were stored elsewhere as their deduplication keys and `job_fields`; raises redis.RedisError."""
    arguments: list[str | int] = ["", DELIVERY_TTL, "", 1_000_000, "", ""]
    redis.register_script(ENQUEUE_SCRIPT)(args=[*arguments, *(part for pair in stored for part in pair)])


def enqueue_all(redis: Redis, specs: Sequence[JobSpec]) -> None:
    """Enqueue any number of jobs, some hundred at a time, so that Redis answers others in between."""
    for start in range(0, len(specs), BATCH_SIZE):
        enqueue(redis, specs[start : start + BATCH_SIZE])


def accepted_deliveries(redis: Redis, deliveries: list[str]) -> set[str]:
    """Return those of the deliveries that were accepted, and led to jobs, in the last three days."""
    values = redis.mget([f"wharfinger:delivery:{guid}" for guid in deliveries]) if deliveries else []
    return {guid for guid, value in zip(deliveries, values, strict=True) if value is not None}


def any_waits(redis: Redis, specs: Iterable[JobSpec]) -> bool:
    """Whether any of the jobs waits, runs, or failed and was not dropped; raises redis.RedisError."""
    return bool(redis.exists(*(f"rq:job:{spec.deduplication_key}" for spec in specs)))


def oldest_open_job(redis: Redis) -> datetime | None:
    """Return when the oldest job was created that a delivery asked for and that may still be done; None where all are.

    Should Redis lose them, GitHub is asked for the deliveries since then again.
    """
    found: list[str] = []
    names = iter(redis.scan_iter("rq:job:*", count=1000))
    while some := list(islice(names, BATCH_SIZE)):
        with redis.pipeline(transaction=False) as pipe:
            for name in some:
                pipe.hmget(name, "created_at", "delivery", "status")
            answers = pipe.execute()
        open_jobs = (
            each for each in answers if all(each) and each[2] != b"failed" and not each[1].startswith(b"tick-")
        )
        found += [created_at.decode() for created_at, *_ in open_jobs]
    return datetime.strptime(min(found), CREATED_AT).replace(tzinfo=UTC) if found else None


def queue_lengths(redis: Redis) -> dict[str, int]:
    """Return how many jobs wait in each queue."""
    return dict(zip(QUEUES, redis.eval(load_script("lengths"), 0), strict=True))
