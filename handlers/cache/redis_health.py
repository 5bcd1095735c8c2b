"""Checks whether Redis is reachable and persistent, and whether workers are running."""

from collections.abc import Iterator, Mapping

from redis import Redis
from redis.exceptions import RedisError, ResponseError

from handlers.cache.diagnoses import Diagnosis, diagnosed_missing, diagnosed_ok, diagnosed_unknown
from handlers.queue.enqueue import QUEUES, queue_lengths

OLDEST = (6, 2)  # LMOVE and the rest of what the scripts use


def look_at_redis(redis: Redis) -> Iterator[Diagnosis]:
    """Yield what is to be said; raises redis.RedisError when Redis does not answer."""
    about = redis.info()
    yield _version(str(about["redis_version"]))
    yield from _keeping(redis)
    yield _memory(about)
    workers = redis.scard("rq:workers")
    yield (
        diagnosed_ok("workers", f"{workers} alive")
        if workers
        else diagnosed_missing("workers", "no worker is alive", "start `wharfinger worker`, or `wharfinger run`")
    )
    waiting = sum(queue_lengths(redis).values())
    yield diagnosed_ok("waiting", f"{waiting} jobs wait")
    dead = sum(redis.zcard(f"rq:failed:{queue}") for queue in QUEUES)
    yield (
        diagnosed_missing("failed jobs", f"{dead} jobs failed for good", "see `wharfinger failed-jobs list`")
        if dead
        else diagnosed_ok("failed jobs", "no job has failed for good")
    )


def _version(version: str) -> Diagnosis:
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if numbers < OLDEST:
        return diagnosed_missing(
            "Redis version", f"{version} lacks commands that are needed", "use Redis 6.2 or any Valkey"
        )
    return diagnosed_ok("Redis version", version)


def _keeping(redis: Redis) -> Iterator[Diagnosis]:
    """Whether work can get lost there; many hosted servers do not let a client see that."""
    try:
        policy = _setting(redis, "maxmemory-policy")
        kept = _setting(redis, "appendonly")
    except ResponseError:
        yield diagnosed_unknown(
            "Redis settings",
            "the server does not show them",
            "see to it that maxmemory-policy is noeviction and appendonly is yes",
        )
        return
    if policy == "noeviction":
        yield diagnosed_ok("Redis maxmemory-policy", "noeviction: no work is thrown away")
    else:
        yield diagnosed_missing(
            "Redis maxmemory-policy", f"{policy} throws work away when memory is short", "set it to noeviction"
        )
    if kept == "yes":
        yield diagnosed_ok("Redis appendonly", "yes: work outlives the server")
    else:
        yield diagnosed_missing(
            "Redis appendonly", f"{kept}: when the server ends, waiting work is lost", "set it to yes"
        )


def _setting(redis: Redis, name: str) -> str:
    return str(redis.config_get(name).get(name, "unknown"))


def _memory(about: Mapping[str, object]) -> Diagnosis:
    used, most = int(str(about["used_memory"])), int(str(about.get("maxmemory", 0)))
    if not most:
        return diagnosed_ok("Redis memory", f"{used >> 20} MB used, without a limit of its own")
    if used >= 0.7 * most:
        return diagnosed_missing(
            "Redis memory", f"{used >> 20} of {most >> 20} MB used: deliveries are refused", "raise maxmemory"
        )
    return diagnosed_ok("Redis memory", f"{used >> 20} of {most >> 20} MB used")


def away(error: RedisError, url: str, *, embedded: bool) -> Diagnosis:
    """Say that Redis does not answer."""
    remedy = "start `wharfinger run`, which brings one" if embedded else "start it, or set REDIS_URL right"
    return diagnosed_missing("Redis", f"{url} does not answer ({type(error).__name__})", remedy)
