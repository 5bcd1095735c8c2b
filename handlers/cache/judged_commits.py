"""Stores for a day which commits are judged, and which of them are in all that matters like the default branch, in Redis."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from redis import Redis

from bot.model.core_types import RepositoryId
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
