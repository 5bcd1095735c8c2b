"""What digests and pages know of each repository, kept in Redis: the latest judgement, how outcomes changed, what was not judged."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redis import Redis

from bot.evaluation.evaluate import Report
from bot.model.core_types import FullName, InstallationId, Outcome, RepositoryId, RuleName, Sha
from bot.rendering.digest_facts import DigestIdentity, RepositoryStatus, repository_status
from handlers.config.redis_values import from_json_value, to_json_value

MOST_CHANGES = 200  # of a repository's outcomes that are remembered


@dataclass(frozen=True, slots=True)
class OutcomeChange:
    """What became of each rule at a moment in which that was news."""

    changed_at: datetime
    commit: Sha | None
    outcomes: Mapping[RuleName, Outcome]


class DigestFactStore:
    """What is told of each repository of an installation, by number."""

    def __init__(self, redis: Redis, installation: InstallationId) -> None:
        self._redis = redis
        self._facts_key = f"wharfinger:told:{installation}"
        self._not_evaluated_key = f"wharfinger:not-judged:{installation}"

    def put(self, repository: RepositoryId, report: Report) -> None:
        """Take up a report; the days on which its findings were first made are carried on."""
        told = repository_status(report, self.get(repository))
        change = OutcomeChange(report.snapshot.taken_at, report.snapshot.commit, report.outcomes)
        changes = self.changes(repository)
        with self._redis.pipeline() as pipe:
            pipe.hset(self._facts_key, str(repository), json.dumps(to_json_value(told)))
            pipe.hdel(self._not_evaluated_key, str(repository))
            if not changes or changes[0].outcomes != change.outcomes:
                pipe.lpush(_history_key(repository), json.dumps(to_json_value(change)))
                pipe.ltrim(_history_key(repository), 0, MOST_CHANGES - 1)
            pipe.execute()

    def set_not_evaluated(self, repository: RepositoryId, reason: str) -> None:
        """Note why a repository could not be judged; what was judged before stays."""
        self._redis.hset(self._not_evaluated_key, str(repository), reason)

    def not_evaluated_reasons(self) -> Mapping[RepositoryId, str]:
        """Return which repositories could not be judged the last time, and why."""
        found: Mapping[Any, Any] = self._redis.hgetall(self._not_evaluated_key)
        return {RepositoryId(int(repository)): why.decode() for repository, why in found.items()}

    def get(self, repository: RepositoryId) -> RepositoryStatus | None:
        """Return what is told of a repository."""
        told: RepositoryStatus | None = _parse(RepositoryStatus, self._redis.hget(self._facts_key, str(repository)))
        return told

    def all(self) -> Mapping[RepositoryId, RepositoryStatus]:
        """Return what is told of every repository."""
        found: Mapping[Any, Any] = self._redis.hgetall(self._facts_key)
        each = {RepositoryId(int(repository)): _parse(RepositoryStatus, text) for repository, text in found.items()}
        return {repository: told for repository, told in each.items() if told is not None}

    def identities(self) -> Iterator[tuple[FullName, tuple[DigestIdentity, ...]]]:
        """Yield the publishing identities of every repository; the rest of what is told is not read, which is most of it."""
        texts: list[Any] = self._redis.hvals(self._facts_key)
        for text in texts:
            try:
                record = json.loads(text)
                yield (
                    from_json_value(FullName, record["repository"]),
                    from_json_value(tuple[DigestIdentity, ...], record["identities"]),
                )
            except (ValueError, KeyError, TypeError, AttributeError):  # another version wrote it
                continue

    def changes(self, repository: RepositoryId) -> tuple[OutcomeChange, ...]:
        """Return how a repository's outcomes changed, the latest first."""
        texts: list[Any] = self._redis.lrange(_history_key(repository), 0, -1)
        return tuple(change for text in texts if (change := _parse(OutcomeChange, text)) is not None)

    def forget(self, repository: RepositoryId) -> None:
        """Forget a repository that is no longer evaluated; how its outcomes changed stays, as history does."""
        self._redis.hdel(self._facts_key, str(repository))
        self._redis.hdel(self._not_evaluated_key, str(repository))

    def forget_all(self) -> None:
        """Forget an installation that is gone."""
        for repository in self.all():
            self._redis.delete(_history_key(repository))
        self._redis.delete(self._facts_key, self._not_evaluated_key)


def _history_key(repository: RepositoryId) -> str:
    return f"wharfinger:history:{repository}"


def _parse(kind: Any, text: object) -> Any:  # noqa: ANN401 - of the type that is asked for
    try:
        return from_json_value(kind, json.loads(text)) if isinstance(text, bytes) else None
    except (ValueError, KeyError, TypeError, AttributeError):  # another version wrote it
        return None
