"""Stored secrets that the App deleted at somebody's wish: who wished it, when, and what the next look showed. Kept in Redis."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from redis import Redis

from bot.identities import Identity
from bot.model.core_types import FullName, RepositoryId
from handlers.config.redis_values import frozen, thawed

KEPT_FOR = 3 * 366 * 24 * 3600  # seconds after the last change


class State(StrEnum):
    """How far a deletion has come."""

    WISHED = "wished"  # noted before GitHub is asked
    DELETED = "deleted"  # GitHub did it
    VERIFIED = "verified"  # a later look did not find it
    BACK = "back"  # a secret of this name is there again


@dataclass(frozen=True, slots=True)
class Deletion:
    """One secret that was deleted, and the issue in which somebody wished it."""

    identity: Identity
    by: str  # login
    at: datetime
    holder: FullName
    number: int
    state: State = State.WISHED


class Deletions:
    """The deletions of each repository, by the identity's key; the latest of each."""

    def __init__(self, redis: Redis, repository: RepositoryId) -> None:
        self._redis = redis
        self._key = f"wharfinger:deletions:{repository}"

    def put(self, deletion: Deletion) -> None:
        """Keep it in place of the one before."""
        with self._redis.pipeline() as pipe:
            pipe.hset(self._key, deletion.identity.key, json.dumps(frozen(deletion)))
            pipe.expire(self._key, KEPT_FOR)
            pipe.execute()

    def get(self, key: str) -> Deletion | None:
        """Return the deletion of an identity, by its key."""
        return next((each for each in self.all() if each.identity.key == key), None)

    def all(self) -> Iterator[Deletion]:
        """Yield what is kept; what another version wrote is left out."""
        values: list[bytes] = self._redis.hvals(self._key)  # type: ignore[assignment]  # the client answers at once
        for value in values:
            try:
                yield thawed(Deletion, json.loads(value))
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
