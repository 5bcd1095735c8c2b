"""Runs `wharfinger failed-jobs`: lists, retries or drops jobs that failed in the last thirty days."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redis import Redis

from bot.rendering.markdown import plain_line
from bot.rendering.phrases import count
from handlers.config.redis_client import connected_redis
from handlers.config.settings import StoreSettings
from handlers.queue.enqueue import FAILED_JOB_TTL, QUEUES, RETRY_DELAYS, load_script

SUCCESS, NOT_FOUND = 0, 1


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job that failed for good, and why."""

    id: str
    queue: str
    failed_at: datetime
    delivery_id: str
    reason: str


def list_failed_jobs(redis: Redis) -> list[FailedJob]:
    """Return all failed jobs, the oldest first; raises redis.RedisError."""
    failed = []
    for queue in QUEUES:
        scored: list[Any] = redis.zrange(f"rq:failed:{queue}", 0, -1, withscores=True)
        for name, expires in scored:
            delivery, reason = redis.hmget(f"rq:job:{name.decode()}", "delivery", "reason")
            failed_at = datetime.fromtimestamp(expires - FAILED_JOB_TTL, UTC)
            failed.append(FailedJob(name.decode(), queue, failed_at, _text(delivery), _text(reason) or "unknown"))
    return sorted(failed, key=lambda job: job.failed_at)


def retry(redis: Redis, job: FailedJob) -> bool:
    """Enqueue it with all its attempts again; return False if it is no longer there."""
    return bool(redis.eval(load_script("retry"), 0, job.queue, job.id, len(RETRY_DELAYS)))


def drop(redis: Redis, job: FailedJob) -> bool:
    """Delete it; return False if it is no longer there."""
    with redis.pipeline() as pipe:
        pipe.zrem(f"rq:failed:{job.queue}", job.id)
        pipe.delete(f"rq:job:{job.id}", f"rq:results:{job.id}")
        return bool(pipe.execute()[0])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wharfinger failed-jobs`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="show each with its queue, time, delivery and reason")
    for name, description in (("retry", "enqueue jobs again"), ("drop", "delete jobs")):
        action = actions.add_parser(name, help=description)
        action.add_argument("ids", nargs="+", metavar="ID", help="an ID from the list, or all")


def main(options: argparse.Namespace) -> int:
    """List, retry or drop; return 1 if one of the IDs is no failed job's."""
    settings = StoreSettings.from_environment()
    with connected_redis(settings.redis_url) as redis:
        jobs = list_failed_jobs(redis)
        if options.action != "list":
            return _retry_or_drop(redis, jobs, options.action, set(options.ids))
    for job in jobs:
        line = f"{job.id}  {job.queue}  {job.failed_at:%Y-%m-%d %H:%M}  {job.delivery_id or '-'}  {job.reason}"
        sys.stdout.write(plain_line(line) + "\n")
    sys.stdout.write(f"{count(len(jobs), 'failed job')}\n")
    return SUCCESS


def _retry_or_drop(redis: Redis, jobs: Sequence[FailedJob], action: str, ids: set[str]) -> int:
    chosen = jobs if ids == {"all"} else [job for job in jobs if job.id in ids]
    for name in sorted(ids - {job.id for job in jobs} - {"all"}):
        line = (
            f"wharfinger failed-jobs: there is no failed job {name[:200]!r}; `wharfinger failed-jobs list` shows them"
        )
        sys.stderr.write(plain_line(line) + "\n")
    act = retry if action == "retry" else drop
    done = sum(act(redis, job) for job in chosen)
    sys.stdout.write(f"{count(done, 'job')} {'enqueued again' if action == 'retry' else 'dropped'}\n")
    return SUCCESS if ids == {"all"} or done == len(ids) else NOT_FOUND


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else ""
