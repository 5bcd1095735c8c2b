"""Stores in Redis which commits and heads are judged, and which of them are in all that matters like the default branch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from redis import Redis

from bot.model.core_types import InstallationId, RepositoryId, Sha
from handlers.config.documents import DocumentError, from_text, to_text

MAX_AGE = timedelta(days=1)  # after which a verdict is repeated no more, and the commit is evaluated again
ATTEMPT_TTL = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class JudgedCommit:
    """A commit that was held against an evaluation of the default branch."""

    evaluation: str  # names that evaluation with all that it depended on
    valid_until: datetime  # when the evaluation may come out differently by itself
    like_default_branch: bool  # policy, workflows and the publish path are those that were evaluated
    check_run_complete: bool  # its check run says so already
    committed_at: datetime | None = None


class JudgedCommitStore:
    """The judged commits of one repository. Losing them costs calls to GitHub, nothing else."""

    def __init__(self, redis: Redis, repository: RepositoryId) -> None:
        self._redis = redis
        self._prefix = f"wharfinger:judged:{repository}"

    def get(self, commit: str) -> JudgedCommit | None:
        """Return what is known of a commit; None where that is nothing, or another version wrote it."""
        stored = self._redis.get(self._key(commit))
        try:
            found: JudgedCommit | None = from_text(JudgedCommit, stored) if isinstance(stored, bytes) else None
        except DocumentError:
            return None
        return found

    def put(self, commit: str, judged: JudgedCommit, now: datetime) -> None:
        """Keep what is known of a commit, for as long as it holds."""
        seconds = int((judged.valid_until - now).total_seconds())
        if seconds > 0:
            self._redis.set(self._key(commit), to_text(JudgedCommit, judged), ex=seconds)

    def forget(self, commit: str) -> None:
        """Forget a commit: something about it is news."""
        self._redis.delete(self._key(commit))

    def begin(self, commit: str) -> bool:
        """Whether a check run without looking for others may be created: only the first try may, any later one may find its own."""
        return bool(self._redis.set(f"{self._prefix}:begun:{commit}", b"1", ex=ATTEMPT_TTL, nx=True))

    def _key(self, commit: str) -> str:
        return f"{self._prefix}:{commit}"


class SweptRepositoryStore:
    """By repository of an installation: the head of the default branch that was judged, and whether anything applies there.

    What is not here is not known, and is looked at.
    """

    def __init__(self, redis: Redis, installation: InstallationId) -> None:
        self._redis = redis
        self._heads = f"wharfinger:heads:{installation}"
        self._quiet = f"wharfinger:quiet:{installation}"
        self._cursor = f"wharfinger:heads-cursor:{installation}"

    def put(self, repository: RepositoryId, head: Sha, *, quiet: bool | None = None) -> None:
        """Note the judged head of a repository, and whether it is quiet: it publishes nothing, and no rule applies."""
        self._redis.hset(self._heads, str(repository), head)
        if quiet is not None:
            change = self._redis.sadd if quiet else self._redis.srem
            change(self._quiet, str(repository))

    def forget(self, repository: RepositoryId) -> None:
        """Forget a repository that is not settled, or gone."""
        self._redis.hdel(self._heads, str(repository))
        self._redis.srem(self._quiet, str(repository))

    def heads(self, repositories: Sequence[RepositoryId]) -> Mapping[RepositoryId, Sha]:
        """Return the judged heads of some repositories, those that are known."""
        values = self._redis.hmget(self._heads, [str(each) for each in repositories]) if repositories else []
        found = zip(repositories, values, strict=True)
        return {repository: Sha(value.decode()) for repository, value in found if isinstance(value, bytes)}

    def quiet(self) -> frozenset[RepositoryId]:
        """Return the repositories that publish nothing."""
        numbers: set[Any] = self._redis.smembers(self._quiet)
        return frozenset(RepositoryId(int(number)) for number in numbers)

    @property
    def cursor(self) -> int:
        """How many repositories the look at heads that is under way has done."""
        return int(self._redis.get(self._cursor) or 0)

    def set_cursor(self, done: int) -> None:
        """Note how far a look at heads came; 0 ends it."""
        if done:
            self._redis.set(self._cursor, done, ex=timedelta(hours=6))
        else:
            self._redis.delete(self._cursor)
