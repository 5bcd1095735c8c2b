"""Stores a repository's settings for an hour in Redis, for checks that an event about code asks for."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from redis import Redis

from bot.model.core_types import RepositoryId
from bot.settings import RepositorySettings, SettingsQuery
from handlers.config.documents import DocumentError, from_text, to_text

LIFETIME = timedelta(
    hours=1
)  # secrets, environments and variables raise no event: this is how late a check may know of a change


@dataclass(frozen=True, slots=True)
class SettingsRequest:
    """What was asked for: other questions, or other CODEOWNERS, have other answers."""

    reads: tuple[str, ...]
    environments: tuple[str, ...] | None  # None: any
    publishes: bool
    code_owner_ids: tuple[str, ...]
    facts: str

    def covers(self, other: "SettingsRequest") -> bool:
        """Whether the answer to this request is one to the other."""
        same = (self.environments, self.publishes, self.code_owner_ids, self.facts)
        return same == (other.environments, other.publishes, other.code_owner_ids, other.facts) and set(
            self.reads
        ) >= set(other.reads)


@dataclass(frozen=True, slots=True)
class StoredSettings:
    """Settings, and the request that they answer."""

    request: SettingsRequest
    settings: RepositorySettings


class RepositorySettingsCache:
    """The last settings of one repository. Every look that an event about settings or a sweep asks for replaces them."""

    def __init__(self, redis: Redis, repository: RepositoryId) -> None:
        self._redis = redis
        self._key = f"wharfinger:settings:{repository}"

    def get(self, request: SettingsRequest) -> RepositorySettings | None:
        """Return what answers a request; None where that is not kept, or another version wrote it."""
        packed = self._redis.get(self._key)
        try:
            stored = from_text(StoredSettings, zlib.decompress(packed)) if isinstance(packed, bytes) else None
        except (zlib.error, DocumentError):
            return None
        return stored.settings if stored is not None and stored.request.covers(request) else None

    def put(self, request: SettingsRequest, settings: RepositorySettings) -> None:
        """Keep settings that were just read."""
        packed = zlib.compress(to_text(StoredSettings, StoredSettings(request, settings)).encode())
        self._redis.set(self._key, packed, ex=LIFETIME)

    def forget(self) -> None:
        """Forget them: an event says that they changed, or reading them anew failed."""
        self._redis.delete(self._key)


def request_words(reads: Iterable[SettingsQuery]) -> tuple[str, ...]:
    """Name what is read, in a fixed order."""
    return tuple(sorted(each.name for each in reads))
