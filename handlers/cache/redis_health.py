"""The doctor's look at Redis: is it there, does it keep what it is given, and does anybody work."""

from collections.abc import Iterator, Mapping

from redis import Redis
from redis.exceptions import RedisError, ResponseError

from handlers.cache.diagnoses import Diagnosis, missing, unseen, well
from handlers.queue.enqueue import QUEUES, lengths

OLDEST = (6, 2)  # LMOVE and the rest of what the scripts use


def look_at_redis(redis: Redis) -> Iterator[Diagnosis]:
    """Yield what is to be said; raises redis.RedisError when Redis does not answer."""
    about = redis.info()
    yield _version(str(about["redis_version"]))
    yield from _keeping(redis)
    yield _memory(about)
    workers = redis.scard("rq:workers")
    yield (
        well("workers", f"{workers} gave a sign of life lately")
        if workers
        else missing("workers", "nobody does the work", "start `wharfinger worker`, or `wharfinger run`")
    )
    waiting = sum(lengths(redis).values())
    yield well("waiting", f"{waiting} pieces of work wait")
    dead = sum(redis.zcard(f"rq:failed:{queue}") for queue in QUEUES)
    yield (
        missing("dead letters", f"{dead} pieces of work failed for good", "see `wharfinger dead list`")
        if dead
        else well("dead letters", "no work has failed for good")
    )


def _version(version: str) -> Diagnosis:
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if numbers < OLDEST:
        return missing("Redis version", f"{version} lacks commands that are needed", "use Redis 6.2 or any Valkey")
    return well("Redis version", version)


def _keeping(redis: Redis) -> Iterator[Diagnosis]:
    """Whether work can get lost there; many hosted servers do not let a client see that."""
    try:
        policy = _setting(redis, "maxmemory-policy")
        kept = _setting(redis, "appendonly")
    except ResponseError:
        yield unseen(
            "Redis settings",
            "the server does not show them",
            "see to it that maxmemory-policy is noeviction and appendonly is yes",
        )
        return
    if policy == "noeviction":
        yield well("Redis maxmemory-policy", "noeviction: no work is thrown away")
    else:
        yield missing(
            "Redis maxmemory-policy", f"{policy} throws work away when memory is short", "set it to noeviction"
        )
    if kept == "yes":
        yield well("Redis appendonly", "yes: work outlives the server")
    else:
        yield missing("Redis appendonly", f"{kept}: when the server ends, waiting work is lost", "set it to yes")


def _setting(redis: Redis, name: str) -> str:
    return str(redis.config_get(name).get(name, "unknown"))


def _memory(about: Mapping[str, object]) -> Diagnosis:
    used, most = int(str(about["used_memory"])), int(str(about.get("maxmemory", 0)))
    if not most:
        return well("Redis memory", f"{used >> 20} MB used, without a limit of its own")
    if used >= 0.7 * most:
        return missing(
            "Redis memory", f"{used >> 20} of {most >> 20} MB used: deliveries are refused", "raise maxmemory"
        )
    return well("Redis memory", f"{used >> 20} of {most >> 20} MB used")


def away(error: RedisError, url: str, *, embedded: bool) -> Diagnosis:
    """Say that Redis does not answer."""
    remedy = "start `wharfinger run`, which brings one" if embedded else "start it, or set REDIS_URL right"
    return missing("Redis", f"{url} does not answer ({type(error).__name__})", remedy)
