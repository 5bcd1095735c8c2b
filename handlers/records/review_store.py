"""Reviews of access in Redis: what somebody who may said of an identity, and when; kept on, since GitHub has no such record."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from redis import Redis

from bot.model.core_types import FullName, RepositoryId
from bot.model.identity_register import AccessReview, AccessReviews
from handlers.config.redis_values import from_json_value, to_json_value

REVIEWS_TTL = 3 * 366 * 24 * 3600  # seconds after the last look at a repository
MAX_REVIEWS = 5_000  # reviews of one holder; the oldest go


class ReviewStore:
    """The reviews of each repository, by its number, and of what its organization shares, by login."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def of_repository(self, repository: RepositoryId, name: FullName) -> AccessReviews:
        """Return the reviews that concern a repository; what nobody looked at before begins now."""
        began = self._redis.get(_began_key(repository))
        at = datetime.fromisoformat(began.decode()) if isinstance(began, bytes) else datetime.now(UTC)
        login = name.partition("/")[0]
        return AccessReviews(
            at, (*self._read(_repository_key(repository), name), *self._read(_owner_key(login), login))
        )

    def record_check(self, repository: RepositoryId, now: datetime) -> None:
        """Note that a repository was looked at: the first time begins its first period, each time keeps what is kept."""
        with self._redis.pipeline() as pipe:
            pipe.set(_began_key(repository), now.isoformat(), nx=True)
            pipe.expire(_began_key(repository), REVIEWS_TTL)
            pipe.expire(_repository_key(repository), REVIEWS_TTL)
            pipe.execute()

    def add(self, repository: RepositoryId, review: AccessReview) -> None:
        """Keep a review, unless it only says again what the last one of this identity says."""
        key = _repository_key(repository) if "/" in review.holder else _owner_key(review.holder)
        same = [each for each in self._read(key, review.holder) if _identity_key(each) == _identity_key(review)]
        if same and (same[-1].keep, same[-1].reviewer, same[-1].reviewed_at.date()) == (
            review.keep,
            review.reviewer,
            review.reviewed_at.date(),
        ):
            return
        with self._redis.pipeline() as pipe:
            pipe.rpush(key, json.dumps(to_json_value(review)))
            pipe.ltrim(key, -MAX_REVIEWS, -1)
            pipe.expire(key, REVIEWS_TTL)
            pipe.execute()

    def _read(self, key: str, holder: str) -> tuple[AccessReview, ...]:
        return tuple(self._reviews(key, holder))

    def _reviews(self, key: str, holder: str) -> Iterator[AccessReview]:
        """Yield what is kept, in order, under the holder's present name."""
        lines: list[Any] = self._redis.lrange(key, 0, -1)
        for line in lines:
            try:
                yield from_json_value(AccessReview, json.loads(line) | {"holder": holder})
            except (ValueError, KeyError, TypeError, AttributeError):
                continue  # another version wrote it


def _identity_key(review: AccessReview) -> tuple[str, str, str | None, str | None]:
    return review.kind, review.name.casefold(), review.environment, review.workflow


def _began_key(repository: RepositoryId) -> str:
    return f"wharfinger:reviews:began:{repository}"


def _repository_key(repository: RepositoryId) -> str:
    return f"wharfinger:reviews:repository:{repository}"


def _owner_key(login: str) -> str:
    return f"wharfinger:reviews:owner:{login.lower()}"
