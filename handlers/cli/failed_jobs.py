"""Runs `wharfinger failed-jobs`: lists, retries or drops jobs that failed in the last thirty days."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redis import Redis

from bot.rendering.markdown import plain_line
from handlers.config.redis_client import connected_redis
from handlers.config.settings import Settings
from handlers.queue.enqueue import FAILED_JOB_TTL, QUEUES, RETRY_DELAYS, load_script

SUCCESS, NOT_FOUND = 0, 1


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A piece of work that failed for good, and why."""

    id: str
    queue: str
    failed_at: datetime
    delivery_id: str
    reason: str


def list_failed_jobs(redis: Redis) -> list[FailedJob]:
    """Return all dead letters, the oldest first; raises redis.RedisError."""
    found = []
    for queue in QUEUES:
        scored: list[Any] = redis.zrange(f"rq:failed:{queue}", 0, -1, withscores=True)
        for name, expires in scored:
            delivery, why = redis.hmget(f"rq:job:{name.decode()}", "delivery", "why")
            died = datetime.fromtimestamp(expires - FAILED_JOB_TTL, UTC)
            found.append(FailedJob(name.decode(), queue, died, _text(delivery), _text(why) or "not known any more"))
    return sorted(found, key=lambda letter: letter.failed_at)


def retry(redis: Redis, job: FailedJob) -> bool:
    """Queue it with all its attempts again; False when somebody else was quicker."""
    return bool(redis.eval(load_script("retry"), 0, job.queue, job.id, len(RETRY_DELAYS)))


def drop(redis: Redis, job: FailedJob) -> bool:
    """Forget it; False when somebody else was quicker."""
    with redis.pipeline() as pipe:
        pipe.zrem(f"rq:failed:{job.queue}", job.id)
        pipe.delete(f"rq:job:{job.id}", f"rq:results:{job.id}")
        return bool(pipe.execute()[0])


def main(arguments: Sequence[str]) -> int:
    """List, retry or drop; return 1 when a named piece is not among the dead letters."""
    options = _parser().parse_args(arguments)
    settings = Settings.from_environment()
    with connected_redis(settings.redis_url) as redis:
        return _run_action(redis, options.action, options.ids)


def _run_action(redis: Redis, action: str, ids: Sequence[str]) -> int:
    found = list_failed_jobs(redis)
    if action == "list":
        for letter in found:
            line = f"{letter.id}  {letter.queue}  {letter.failed_at:%Y-%m-%d %H:%M}  {letter.delivery_id or '-'}  {letter.reason}"
            sys.stdout.write(plain_line(line) + "\n")
        sys.stdout.write(f"{len(found)} dead letters\n")
        return SUCCESS
    chosen = found if list(ids) == ["all"] else [letter for letter in found if letter.id in ids]
    for name in sorted(set(ids) - {letter.id for letter in found} - {"all"}):
        sys.stderr.write(
            plain_line(f"wharfinger failed-jobs: there is no dead letter {name[:200]!r}; list shows them") + "\n"
        )
    act = retry if action == "retry" else drop
    done = sum(act(redis, letter) for letter in chosen)
    sys.stdout.write(f"{done} {'will be tried again' if action == 'retry' else 'dropped'}\n")
    return SUCCESS if set(ids) <= {"all"} or done == len(set(ids)) else NOT_FOUND


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wharfinger failed-jobs",
        description="Work that failed for good: each piece was tried five times over a quarter of an hour, or its "
        "worker died ten times while doing it.",
        epilog="Exit status: 0 done, 1 a named piece is not there, 2 bad usage or no Redis.",
    )
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="show each with its queue, time, delivery and reason").set_defaults(ids=[])
    for name, what in (("retry", "queue them again"), ("drop", "forget them")):
        chosen = actions.add_parser(name, help=what)
        chosen.add_argument("ids", nargs="+", metavar="ID", help="as list shows it, or all")
    return parser


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else ""
