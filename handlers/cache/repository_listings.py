"""Which repositories each installation has, as GitHub listed them at the last sweep: what the coverage is counted against."""

import json
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redis import Redis

from bot.github.github_app import ListedRepository
from bot.model.core_types import InstallationId
from handlers.config.redis_values import frozen, thawed

NAME = "wharfinger:listed"


@dataclass(frozen=True, slots=True)
class Listed:
    """What GitHub listed, and when."""

    at: datetime
    repositories: tuple[ListedRepository, ...]

    @property
    def account(self) -> str:
        """The account that installed the App; an empty text where it lets the App see no repository."""
        return self.repositories[0].name.partition("/")[0] if self.repositories else ""


class ListedBook:
    """The last list of each installation."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def put(self, installation: InstallationId, listed: Listed) -> None:
        """Keep a list in place of the one before."""
        self._redis.hset(NAME, str(installation), zlib.compress(json.dumps(frozen(listed)).encode()))

    def get(self, installation: InstallationId) -> Listed | None:
        """Return the last list; None where there was none, or another version wrote it."""
        packed = self._redis.hget(NAME, str(installation))
        try:
            return thawed(Listed, json.loads(zlib.decompress(packed))) if isinstance(packed, bytes) else None
        except (zlib.error, ValueError, KeyError, TypeError, AttributeError):
            return None

    def installations(self) -> list[InstallationId]:
        """Return the installations that were listed."""
        numbers: list[Any] = self._redis.hkeys(NAME)
        return sorted(InstallationId(int(number)) for number in numbers)

    def forget(self, installation: InstallationId) -> None:
        """Forget an installation that is gone."""
        self._redis.hdel(NAME, str(installation))
