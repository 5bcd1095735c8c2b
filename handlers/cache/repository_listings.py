"""Which repositories each installation has, as GitHub listed them at the last sweep: what the coverage is counted against."""

import json
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redis import Redis

from bot.github.github_app import InstallationRepository
from bot.model.core_types import InstallationId
from handlers.config.redis_values import from_json_value, to_json_value

REPOSITORIES_KEY = "wharfinger:listed"


@dataclass(frozen=True, slots=True)
class InstallationRepositories:
    """What GitHub listed, and when."""

    listed_at: datetime
    repositories: tuple[InstallationRepository, ...]

    @property
    def account(self) -> str:
        """The account that installed the App; an empty text where it lets the App see no repository."""
        return self.repositories[0].name.partition("/")[0] if self.repositories else ""


class InstallationRepositoryStore:
    """The last list of each installation."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def put(self, installation: InstallationId, repositories: InstallationRepositories) -> None:
        """Keep a list in place of the one before."""
        self._redis.hset(
            REPOSITORIES_KEY, str(installation), zlib.compress(json.dumps(to_json_value(repositories)).encode())
        )

    def get(self, installation: InstallationId) -> InstallationRepositories | None:
        """Return the last list; None where there was none, or another version wrote it."""
        packed = self._redis.hget(REPOSITORIES_KEY, str(installation))
        try:
            return (
                from_json_value(InstallationRepositories, json.loads(zlib.decompress(packed)))
                if isinstance(packed, bytes)
                else None
            )
        except (zlib.error, ValueError, KeyError, TypeError, AttributeError):
            return None

    def installations(self) -> list[InstallationId]:
        """Return the installations that were listed."""
        numbers: list[Any] = self._redis.hkeys(REPOSITORIES_KEY)
        return sorted(InstallationId(int(number)) for number in numbers)

    def forget(self, installation: InstallationId) -> None:
        """Forget an installation that is gone."""
        self._redis.hdel(REPOSITORIES_KEY, str(installation))
