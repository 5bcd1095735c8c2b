"""Keeps in Redis which installations cover selected repositories only."""

from collections.abc import Iterable

from redis import Redis

from bot.model.core_types import InstallationId

SELECTING_KEY = "wharfinger:policy:selecting"


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
