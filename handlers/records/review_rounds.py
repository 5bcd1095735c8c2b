"""Which round of the access review is open for a repository, kept in Redis; the issue itself is on GitHub."""

import json
from dataclasses import dataclass
from datetime import date

from redis import Redis

from bot.model.core_types import FullName, RepositoryId
from handlers.config.redis_values import from_json_value, to_json_value

ROUND_TTL = 400 * 24 * 3600  # seconds


@dataclass(frozen=True, slots=True)
class OpenRound:
    """A round: the day on which it began, and the repository that holds its issue."""

    began_on: date
    issue_repository: FullName
    issue_number: int = 0  # of the issue; 0: it is not opened yet
    facts_digest: str = ""  # digest of what was written there
    reopened: bool = False  # after somebody closed it by hand

    def subject(self, repository: RepositoryId) -> str:
        """Name the round in its issue's marker."""
        return f"repository-{repository}/{self.began_on}"


class ReviewRoundStore:
    """The open round of each repository."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def get(self, repository: RepositoryId) -> OpenRound | None:
        """Return the open round; None where there is none, or another version wrote it."""
        text = self._redis.get(_round_key(repository))
        try:
            return from_json_value(OpenRound, json.loads(text)) if isinstance(text, bytes) else None
        except (ValueError, KeyError, TypeError, AttributeError):
            return None

    def put(self, repository: RepositoryId, round_: OpenRound) -> None:
        """Keep it in place of the one before."""
        self._redis.set(_round_key(repository), json.dumps(to_json_value(round_)), ex=ROUND_TTL)

    def end(self, repository: RepositoryId) -> None:
        """Forget a round that is over."""
        self._redis.delete(_round_key(repository))


def _round_key(repository: RepositoryId) -> str:
    return f"wharfinger:review:{repository}"
