"""Keeps in Redis who pushed commits of policy repositories, and which installations cover selected repositories only."""

from collections.abc import Iterable
from datetime import timedelta

from redis import Redis

from bot.model.core_types import InstallationId, Sha

SELECTING_KEY = "wharfinger:policy:selecting"
PUSHER_TTL = timedelta(days=90)  # an approval that comes later is not held against who pushed the commit


def keep_pusher(redis: Redis, commit: Sha, login: str) -> None:
    """Keep who pushed a commit to a repository that may hold a policy."""
    redis.set(f"wharfinger:policy:pusher:{commit}", login, ex=PUSHER_TTL)


def pusher_of(redis: Redis, commit: Sha) -> str | None:
    """Return who pushed a commit, where that was heard."""
    found = redis.get(f"wharfinger:policy:pusher:{commit}")
    return found.decode() if isinstance(found, bytes) else None


def keep_selecting(redis: Redis, installations: Iterable[InstallationId]) -> None:
    """Keep which installations cover selected repositories only; every diagnosis says so anew."""
    with redis.pipeline() as pipe:
        pipe.delete(SELECTING_KEY)
        if numbers := [str(each) for each in installations]:
            pipe.sadd(SELECTING_KEY, *numbers)
        pipe.execute()


def selects_repositories(redis: Redis, installation: InstallationId) -> bool:
    """Whether an installation covers selected repositories only, as it was last seen."""
    return bool(redis.sismember(SELECTING_KEY, str(installation)))
