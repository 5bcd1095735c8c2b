"""Stored secrets that the App deleted at somebody's wish: who wished it, when, and what the next look showed. Kept in Redis."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from redis import Redis

from bot.identities import PublishingIdentity
from bot.model.core_types import FullName, RepositoryId
from handlers.config.redis_values import from_json_value, to_json_value

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
