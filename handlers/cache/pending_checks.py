"""Which tags are releases whose versions are still awaited, kept in Redis. A tag's next event, or a person's "Re-check", begins anew."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from redis import Redis

from bot.model.core_types import FullName, InstallationId, RepositoryId, Sha
from handlers.config.redis_values import frozen, thawed
from handlers.queue.job_specs import Work, release_work

PENDING, SINCE = "wharfinger:releases:pending", "wharfinger:releases:since"
SOONEST, LATEST = 30, 10 * 60  # seconds until one that waits is looked at again, a little later each time
GIVEN_UP = 24 * 3600  # seconds: what did not come in a day does not come
KEEP_COMMIT = 90 * 24 * 3600  # seconds; GitHub keeps runs as long, unless it is told otherwise


@dataclass(frozen=True, slots=True)
class TaggedRelease:
    """A tag of a repository of an installation."""

    installation: InstallationId
    repository: RepositoryId
    name: FullName
    tag: str

    @property
    def work(self) -> Work:
        """The work that checks it."""
        return release_work(self.installation, self.repository, self.name, self.tag)


class ReleaseBook:
    """The releases that wait, and which tags stand for a commit."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def seen(self, release: TaggedRelease, commit: Sha, now: float) -> float:
        """Note that a tag was looked at, and its commit; return since when it waits, in seconds since 1970."""
        with self._redis.pipeline() as pipe:
            pipe.sadd(_at(release.repository, commit), _text(release))
            pipe.expire(_at(release.repository, commit), KEEP_COMMIT)
            pipe.hsetnx(SINCE, _text(release), str(now))
            pipe.hget(SINCE, _text(release))
            *_, since = pipe.execute()
        return float(since)

    def postpone(self, release: TaggedRelease, since: float, now: float) -> None:
        """Look at one again later: soon at first, then less and less often."""
        pause = min(LATEST, max(SOONEST, (now - since) / 2))
        self._redis.zadd(PENDING, {_text(release): now + pause})

    def settled(self, release: TaggedRelease) -> None:
        """Wait for one no more."""
        with self._redis.pipeline() as pipe:
            pipe.zrem(PENDING, _text(release))
            pipe.hdel(SINCE, _text(release))
            pipe.execute()

    def due(self, now: float) -> Iterator[TaggedRelease]:
        """Yield those that it is time to look at again."""
        texts: list[Any] = self._redis.zrangebyscore(PENDING, "-inf", now)
        for text in texts:
            release = _release(text)
            if release is None:  # another version wrote it
                self._redis.zrem(PENDING, text)
                self._redis.hdel(SINCE, text)
            else:
                yield release

    def at(self, repository: RepositoryId, commit: str) -> Iterator[TaggedRelease]:
        """Yield the releases that a commit was tagged for, as far as they were looked at."""
        texts: set[Any] = self._redis.smembers(_at(repository, commit))
        for text in sorted(texts):
            if release := _release(text):
                yield release


def _at(repository: RepositoryId, commit: str) -> str:
    return f"wharfinger:releases:at:{repository}:{commit}"


def _text(release: TaggedRelease) -> str:
    return json.dumps(frozen(release), sort_keys=True)


def _release(text: bytes) -> TaggedRelease | None:
    try:
        found: TaggedRelease = thawed(TaggedRelease, json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return found
