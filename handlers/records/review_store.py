"""Reviews of access in Redis: what somebody who may said of an identity, and when; kept on, since GitHub has no such record."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from redis import Redis

from bot.model.core_types import FullName, RepositoryId
from bot.model.identity_register import Review, Reviews
from handlers.config.redis_values import frozen, thawed

KEPT_FOR = 3 * 366 * 24 * 3600  # seconds after the last look at a repository
MOST = 5_000  # reviews of one holder; the oldest go


class ReviewBook:
    """The reviews of each repository, by its number, and of what its organisation shares, by login."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def of(self, repository: RepositoryId, name: FullName) -> Reviews:
        """Return the reviews that concern a repository; what nobody looked at before begins now."""
        began = self._redis.get(_began(repository))
        at = datetime.fromisoformat(began.decode()) if isinstance(began, bytes) else datetime.now(UTC)
        login = name.partition("/")[0]
        return Reviews(at, (*self._read(_of_repository(repository), name), *self._read(_of_owner(login), login)))

    def look(self, repository: RepositoryId, now: datetime) -> None:
        """Note that a repository was looked at: the first time begins its first period, each time keeps what is kept."""
        with self._redis.pipeline() as pipe:
            pipe.set(_began(repository), now.isoformat(), nx=True)
            pipe.expire(_began(repository), KEPT_FOR)
            pipe.expire(_of_repository(repository), KEPT_FOR)
            pipe.execute()

    def add(self, repository: RepositoryId, review: Review) -> None:
        """Keep a review, unless it only says again what the last one of this identity says."""
        key = _of_repository(repository) if "/" in review.holder else _of_owner(review.holder)
        same = [each for each in self._read(key, review.holder) if _about(each) == _about(review)]
        if same and (same[-1].kept, same[-1].by, same[-1].at.date()) == (review.kept, review.by, review.at.date()):
            return
        with self._redis.pipeline() as pipe:
            pipe.rpush(key, json.dumps(frozen(review)))
            pipe.ltrim(key, -MOST, -1)
            pipe.expire(key, KEPT_FOR)
            pipe.execute()

    def _read(self, key: str, holder: str) -> tuple[Review, ...]:
        return tuple(self._reviews(key, holder))

    def _reviews(self, key: str, holder: str) -> Iterator[Review]:
        """Yield what is kept, in order, under the holder's present name."""
        lines: list[Any] = self._redis.lrange(key, 0, -1)
        for line in lines:
            try:
                yield thawed(Review, json.loads(line) | {"holder": holder})
            except (ValueError, KeyError, TypeError, AttributeError):
                continue  # another version wrote it


def _about(review: Review) -> tuple[str, str, str | None, str | None]:
    return review.kind, review.name.casefold(), review.environment, review.workflow


def _began(repository: RepositoryId) -> str:
    return f"wharfinger:reviews:began:{repository}"


def _of_repository(repository: RepositoryId) -> str:
    return f"wharfinger:reviews:repository:{repository}"


def _of_owner(login: str) -> str:
    return f"wharfinger:reviews:owner:{login.lower()}"
