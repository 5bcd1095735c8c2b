"""Which round of the access review is open for a repository, kept in Redis; the issue itself is on GitHub."""

import json
from dataclasses import dataclass
from datetime import date

from redis import Redis

from bot.model.core_types import FullName, RepositoryId
from handlers.config.redis_values import frozen, thawed

KEPT_FOR = 400 * 24 * 3600  # seconds


@dataclass(frozen=True, slots=True)
class OpenRound:
    """A round: the day on which it began, and the repository that holds its issue."""

    day: date
    holder: FullName
    number: int = 0  # of the issue; 0: it is not opened yet
    facts: str = ""  # digest of what was written there
    reopened: bool = False  # after somebody closed it by hand

    def subject(self, repository: RepositoryId) -> str:
        """Name the round in its issue's marker."""
        return f"repository-{repository}/{self.day}"


class ReviewRounds:
    """The open round of each repository."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def get(self, repository: RepositoryId) -> OpenRound | None:
        """Return the open round; None where there is none, or another version wrote it."""
        text = self._redis.get(_name(repository))
        try:
            return thawed(OpenRound, json.loads(text)) if isinstance(text, bytes) else None
        except (ValueError, KeyError, TypeError, AttributeError):
            return None

    def put(self, repository: RepositoryId, round_: OpenRound) -> None:
        """Keep it in place of the one before."""
        self._redis.set(_name(repository), json.dumps(frozen(round_)), ex=KEPT_FOR)

    def end(self, repository: RepositoryId) -> None:
        """Forget a round that is over."""
        self._redis.delete(_name(repository))


def _name(repository: RepositoryId) -> str:
    return f"wharfinger:review:{repository}"
