"""Stores access reviews, open review rounds and secret deletions."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from redis import Redis

from bot.identities import PublishingIdentity
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


DELETIONS_TTL = 3 * 366 * 24 * 3600  # seconds after the last change


class DeletionState(StrEnum):
    """How far a deletion has come."""

    REQUESTED = "wished"  # noted before GitHub is asked
    DELETED = "deleted"  # GitHub did it
    VERIFIED = "verified"  # a later look did not find it
    REAPPEARED = "back"  # a secret of this name is there again


@dataclass(frozen=True, slots=True)
class SecretDeletion:
    """One secret that was deleted, and the issue in which somebody wished it."""

    identity: PublishingIdentity
    requested_by: str  # login
    requested_at: datetime
    issue_repository: FullName
    issue_number: int
    state: DeletionState = DeletionState.REQUESTED


class SecretDeletionStore:
    """The deletions of each repository, by the identity's key; the latest of each."""

    def __init__(self, redis: Redis, repository: RepositoryId) -> None:
        self._redis = redis
        self._key = f"wharfinger:deletions:{repository}"

    def put(self, deletion: SecretDeletion) -> None:
        """Keep it in place of the one before."""
        with self._redis.pipeline() as pipe:
            pipe.hset(self._key, deletion.identity.key, json.dumps(to_json_value(deletion)))
            pipe.expire(self._key, DELETIONS_TTL)
            pipe.execute()

    def get(self, key: str) -> SecretDeletion | None:
        """Return the deletion of an identity, by its key."""
        return next((each for each in self.all() if each.identity.key == key), None)

    def all(self) -> Iterator[SecretDeletion]:
        """Yield what is kept; what another version wrote is left out."""
        values: list[bytes] = self._redis.hvals(self._key)  # type: ignore[assignment]  # the client answers at once
        for value in values:
            try:
                yield from_json_value(SecretDeletion, json.loads(value))
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
