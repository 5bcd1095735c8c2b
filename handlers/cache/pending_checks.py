"""Stores unfinished check runs and releases whose versions are still expected, in Redis."""

import json
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from typing import Any

from redis import Redis

from bot.model.core_types import FullName, InstallationId, RepositoryId, Sha
from handlers.config.documents import DocumentError, from_text, to_text
from handlers.queue.job_specs import CheckRelease

PENDING_KEY, SINCE_KEY = "wharfinger:releases:pending", "wharfinger:releases:since"
MIN_RETRY, MAX_RETRY = 30, 10 * 60  # seconds until one that waits is looked at again, a little later each time
ABANDONED_AFTER = 24 * 3600  # seconds: what did not come in a day does not come
COMMIT_TTL = 90 * 24 * 3600  # seconds; GitHub keeps runs as long, unless it is told otherwise


@dataclass(frozen=True, slots=True)
class TaggedRelease:
    """A tag of a repository of an installation."""

    installation: InstallationId
    repository: RepositoryId
    full_name: FullName
    tag: str

    @property
    def job(self) -> CheckRelease:
        """The work that checks it."""
        return CheckRelease(self.installation, self.repository, self.full_name, self.tag)


class PendingReleaseStore:
    """The releases that wait, and which tags stand for a commit."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def record_check(self, release: TaggedRelease, commit: Sha, now: float) -> float:
        """Note that a tag was looked at, and its commit; return since when it waits, in seconds since 1970."""
        with self._redis.pipeline() as pipe:
            pipe.sadd(_commit_key(release.repository, commit), _release_json(release))
            pipe.expire(_commit_key(release.repository, commit), COMMIT_TTL)
            pipe.hsetnx(SINCE_KEY, _release_json(release), str(now))
            pipe.hget(SINCE_KEY, _release_json(release))
            *_, since = pipe.execute()
        return float(since)

    def postpone(self, release: TaggedRelease, since: float, now: float) -> None:
        """Look at one again later: soon at first, then less and less often."""
        pause = min(MAX_RETRY, max(MIN_RETRY, (now - since) / 2))
        self._redis.zadd(PENDING_KEY, {_release_json(release): now + pause})

    def remove(self, release: TaggedRelease) -> None:
        """Wait for one no more."""
        with self._redis.pipeline() as pipe:
            pipe.zrem(PENDING_KEY, _release_json(release))
            pipe.hdel(SINCE_KEY, _release_json(release))
            pipe.execute()

    def due(self, now: float) -> Iterator[TaggedRelease]:
        """Yield those that it is time to look at again."""
        texts: list[Any] = self._redis.zrangebyscore(PENDING_KEY, "-inf", now)
        for text in texts:
            release = _parse_release(text)
            if release is None:  # another version wrote it
                self._redis.zrem(PENDING_KEY, text)
                self._redis.hdel(SINCE_KEY, text)
            else:
                yield release

    def of_commit(self, repository: RepositoryId, commit: str) -> Iterator[TaggedRelease]:
        """Yield the releases that a commit was tagged for, as far as they were looked at."""
        texts: set[Any] = self._redis.smembers(_commit_key(repository, commit))
        for text in sorted(texts):
            if release := _parse_release(text):
                yield release


def _commit_key(repository: RepositoryId, commit: str) -> str:
    return f"wharfinger:releases:of-commit:{repository}:{commit}"


def _release_json(release: TaggedRelease) -> str:
    return to_text(TaggedRelease, release)


def _parse_release(text: bytes) -> TaggedRelease | None:
    try:
        found: TaggedRelease = from_text(TaggedRelease, text)
    except DocumentError:
        return None
    return found


OPEN_CHECK_RUNS_KEY = "wharfinger:open-check-runs"


@dataclass(frozen=True, slots=True)
class OpenCheckRun:
    """A commit whose check run may be in progress."""

    installation: InstallationId
    repository: RepositoryId
    full_name: FullName
    revision: str


class OpenCheckRunStore:
    """The notes, by the time the run was begun (seconds since 1970)."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def open(self, run: OpenCheckRun, now: float) -> None:
        """Note a run that is about to begin; a note that is there keeps its time."""
        self._redis.zadd(OPEN_CHECK_RUNS_KEY, {_check_run_json(run): now}, nx=True)

    def close(self, run: OpenCheckRun) -> None:
        """Take the note away: the run is completed, or there is nothing to complete any more."""
        self._redis.zrem(OPEN_CHECK_RUNS_KEY, _check_run_json(run))

    def begun_before(self, time: float) -> Iterator[OpenCheckRun]:
        """Yield the runs that were begun before a time, the oldest first."""
        texts: list[Any] = self._redis.zrangebyscore(OPEN_CHECK_RUNS_KEY, "-inf", time)
        for text in texts:
            installation, repository, name, revision = json.loads(text)
            yield OpenCheckRun(InstallationId(installation), RepositoryId(repository), FullName(name), revision)


def _check_run_json(run: OpenCheckRun) -> str:
    return json.dumps(astuple(run))
