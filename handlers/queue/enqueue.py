"""Enqueues jobs in Redis without duplicates or lost updates, with the Lua scripts in lua/."""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from redis import Redis

from handlers.queue.job_specs import JobSpec, Priority

DELIVERY_TTL = 3 * 24 * 3600  # seconds; GitHub lets a delivery be sent again for three days
FAILED_JOB_TTL = 30 * 24 * 3600  # seconds a dead letter is kept
RETRY_DELAYS = (5, 30, 120, 600)  # seconds before each further attempt: RQ keeps them with the job
# Seconds before a piece is tried again whose worker died: after the first death, the second, …; one more is its last.
# A kill is seldom the job's fault, so it has more patience than PAUSES: what kills workers for an hour kills no work.
CRASH_RETRY_DELAYS = (0, 5, 30, 120, 600, 600, 600, 600, 600)
TIMEOUTS = {Priority.GATE: 60, Priority.CHECK: 120, Priority.SWEEP: 600}  # seconds an attempt may take
WAKEUP_KEY = "wharfinger:bell"  # rung by the scripts, listened to by idle workers
QUEUES = tuple(priority.value for priority in Priority)

_RQ_ID = re.compile(r"[A-Za-z0-9_-]{1,150}")  # the letters RQ allows in a job's id
_LUA = Path(__file__).parent / "lua"


class EnqueueStatus(StrEnum):
    """What became of a delivery or a wish at the queue's door."""

    OK = "ok"
    FULL = "full"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class EnqueueResult:
    """The queue's answer: how many pieces were queued, waited already, or (of a repeated delivery) are done."""

    status: EnqueueStatus
    queued: int = 0
    already_waiting: int = 0
    already_done: int = 0


@cache
def load_script(name: str) -> str:
    """Return the text of a script as it is sent to Redis."""
    return f"{(_LUA / 'prelude.lua').read_text()}\n{(_LUA / name).with_suffix('.lua').read_text()}"


ENQUEUE_SCRIPT = load_script("enqueue")


def job_id(spec: JobSpec) -> str:
    """Return the piece's key in the letters that RQ allows; a key with others is shortened to its digest."""
    if _RQ_ID.fullmatch(spec.key):
        return spec.key
    return f"{spec.job}-{hashlib.sha256(spec.key.encode()).hexdigest()[:32]}"


def job_fields(spec: JobSpec, delivery_id: str) -> str:
    """Return the hash fields of RQ's job, as JSON: names and numbers only, nothing of the payload."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")  # RQ's own format
    return json.dumps(
        {
            "created_at": now,
            "enqueued_at": now,
            "origin": spec.priority.value,
            "lane": spec.concurrency_key if spec.concurrency_key != spec.job else "",
            "delivery": delivery_id,
            "description": spec.job,
            "data": json.dumps([spec.job, None, list(spec.arguments), {}]),
            "timeout": TIMEOUTS[spec.priority],
            "result_ttl": 0,
            "failure_ttl": FAILED_JOB_TTL,
            "retries_left": len(RETRY_DELAYS),
            "retry_intervals": json.dumps(RETRY_DELAYS),
        }
    )


def enqueue_arguments(
    specs: Iterable[JobSpec], delivery_id: str, installation: int, limit: int, suspension: str = ""
) -> list[str | int]:
    """Return the arguments of lua/accept.lua; `installation` may be 0, `bar` is "suspend", "unsuspend" or empty."""
    arguments: list[str | int] = [delivery_id, DELIVERY_TTL, installation or "", limit, suspension]
    for piece in specs:
        arguments += [job_id(piece), job_fields(piece, delivery_id)]
    return arguments


def parse_enqueue_result(answer: list[Any]) -> EnqueueResult:
    """Read what lua/accept.lua answered."""
    return EnqueueResult(EnqueueStatus(answer[0].decode()), *map(int, answer[1:]))


def enqueue(redis: Redis, specs: Iterable[JobSpec], delivery_id: str = "", limit: int = 1_000_000) -> EnqueueResult:
    """Queue the pieces, all or nothing, and remember them under `delivery` so that a repeat is not done twice.

    A piece that waits already is not queued again; one that a worker holds is done once more after it. Jobs and the
    clock use this; the receiver does the same without waiting in line. Raises redis.RedisError.
    """
    script = redis.register_script(ENQUEUE_SCRIPT)
    return parse_enqueue_result(script(args=enqueue_arguments(specs, delivery_id, 0, limit)))


def accepted_deliveries(redis: Redis, deliveries: list[str]) -> set[str]:
    """Return those of the deliveries that were accepted with work in the last three days."""
    values = redis.mget([f"wharfinger:delivery:{guid}" for guid in deliveries]) if deliveries else []
    return {guid for guid, value in zip(deliveries, values, strict=True) if value is not None}


def queue_lengths(redis: Redis) -> dict[str, int]:
    """Return how many pieces wait in each queue."""
    with redis.pipeline(transaction=False) as pipe:
        for queue in QUEUES:
            pipe.llen(f"rq:queue:{queue}")
        return dict(zip(QUEUES, pipe.execute(), strict=True))
