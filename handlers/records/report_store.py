"""Stores the latest report and digest of repositories and organizations, with changes in outcomes."""

import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from redis import Redis

from bot.evaluation.evaluate import Report
from bot.github.github_app import InstallationRepository
from bot.model.core_types import Conclusion, FullName, InstallationId, Outcome, RepositoryId, RuleName, Sha
from bot.model.errors import WharfingerError
from bot.rendering.digest import DigestFacts, DigestState
from bot.rendering.digest_facts import DigestIdentity, RepositoryStatus, repository_status
from handlers.cache.snapshot_cache import snapshot_key
from handlers.config.redis_values import from_json_value, to_json_value

NAMES_KEY = "wharfinger:standing-names"  # the number of each repository, by its full name


@dataclass(frozen=True, slots=True)
class StoredReport:
    """The latest verdict on a repository's default branch, and what a quick answer for another commit needs."""

    installation: InstallationId
    id: RepositoryId
    repository: FullName
    branch: str
    commit: Sha
    taken_at: datetime
    fingerprint: str  # fingerprint of the files and policies that were judged
    conclusion: Conclusion
    title: str
    enforced: bool  # whether any rule is
    paths: tuple[str, ...]  # files beside the workflows that mattered, or would if they were there
    report: Mapping[str, object] = field(repr=False)  # as `wharfinger scan --format json` gives it
    diagram: tuple[str, ...] = ()  # the publish path as a picture, line by line


class ReportStore:
    """Every repository's standing, by number; oldest first where they are listed."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def get(self, repository: RepositoryId) -> StoredReport | None:
        """Return a repository's standing; None when there is none, or one of another version's making."""
        text = self._redis.get(_report_key(repository))
        try:
            record = json.loads(text) if isinstance(text, bytes | str) else None
            return None if record is None else _parse_report(record)
        except (ValueError, KeyError, TypeError):
            return None

    def put(self, stored_report: StoredReport) -> None:
        """Keep a standing in place of the one before."""
        record = {**asdict(stored_report), "taken_at": stored_report.taken_at.isoformat()}
        with self._redis.pipeline() as pipe:
            pipe.set(_report_key(stored_report.id), json.dumps(record))
            pipe.zadd(
                _installation_key(stored_report.installation),
                {str(stored_report.id): stored_report.taken_at.timestamp()},
            )
            pipe.hset(NAMES_KEY, stored_report.repository.lower(), str(stored_report.id))
            pipe.execute()

    def all(self, installation: InstallationId) -> Iterator[StoredReport]:
        """Yield the standings of an installation's repositories, the oldest first."""
        repositories: list[Any] = self._redis.zrange(_installation_key(installation), 0, -1)
        for repository in repositories:
            if standing := self.get(RepositoryId(int(repository))):
                yield standing

    def find(self, name: str) -> StoredReport | None:
        """Return the standing of a repository by its full name, in any case; also by one that it had before."""
        number: Any = self._redis.hget(NAMES_KEY, name.lower())
        return None if number is None else self.get(RepositoryId(int(number)))

    def require_known(self, name: str) -> None:
        """Raise WharfingerError where a repository that a person names was never looked at, or has another name now.

        A command that finds nothing of it asks this, so that a slip of the pen does not read as if all were well.
        """
        known = self.find(name)
        if known is None:
            raise WharfingerError(
                f"the App has looked at no repository {name[:200]!a}; see how it is written (OWNER/NAME), and whether the App is "
                "installed there"
            )
        if known.repository.lower() != name.lower():
            raise WharfingerError(f"{name[:200]!a} is called {known.repository} now; ask for that")

    def installations(self) -> list[InstallationId]:
        """Return the installations that have standings."""
        prefix = _installation_key(InstallationId(0)).removesuffix("0")
        names: list[bytes] = list(self._redis.scan_iter(match=f"{prefix}*"))
        return sorted(InstallationId(int(name.decode().removeprefix(prefix))) for name in names)

    def evaluation_times(self, installation: InstallationId) -> Mapping[RepositoryId, float]:
        """Return when each repository of an installation was last looked at, in seconds since 1970."""
        times: list[Any] = self._redis.zrange(_installation_key(installation), 0, -1, withscores=True)
        return {RepositoryId(int(repository)): time for repository, time in times}

    def forget(self, installation: InstallationId, repository: RepositoryId) -> None:
        """Forget a repository that is gone, with its snapshot and the last valid policy of its own."""
        standing = self.get(repository)
        with self._redis.pipeline() as pipe:
            pipe.delete(_report_key(repository), snapshot_key(repository), f"wharfinger:policy:repository-{repository}")
            pipe.zrem(_installation_key(installation), str(repository))
            if standing is not None:
                pipe.hdel(NAMES_KEY, standing.repository.lower())
            pipe.execute()

    def forget_all(self, installation: InstallationId) -> None:
        """Forget every repository of an installation that is gone."""
        for repository in self.evaluation_times(installation):
            self.forget(installation, repository)


def _report_key(repository: RepositoryId) -> str:
    return f"wharfinger:standing:{repository}"


def _installation_key(installation: InstallationId) -> str:
    return f"wharfinger:standings:{installation}"


def _parse_report(record: Mapping[str, object]) -> StoredReport:
    fields = dict(record)
    return StoredReport(
        **{  # type: ignore[arg-type]  # our own writing; what another version wrote differently raises and is made anew
            **fields,
            "taken_at": datetime.fromisoformat(str(fields["taken_at"])),
            "conclusion": Conclusion(str(fields["conclusion"])),
            "paths": tuple(fields["paths"]),  # type: ignore[arg-type]  # as above
            "diagram": tuple(fields.get("diagram", ())),  # type: ignore[arg-type]  # as above
        }
    )


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


STALE_AFTER = timedelta(days=2)  # a repository that no sweep reached for so long does not count as evaluated
NOT_SWEPT_YET = "no sweep has reached it yet"
ARCHIVED = "it is archived"


def reason_not_evaluated(
    repository: InstallationRepository, evaluated_at: datetime | None, last_error: str | None, now: datetime
) -> str | None:
    """Say why a repository does not count as evaluated; None where it does. `refused`: why the last look failed, if it did."""
    if repository.archived:
        return ARCHIVED
    if last_error is not None:
        return last_error
    if evaluated_at is None:
        return NOT_SWEPT_YET
    return None if now - evaluated_at < STALE_AFTER else f"it was not looked at since {evaluated_at.date()}"


FIRST_DIGEST_DELAY = timedelta(days=1)  # that the first digest waits for the first sweep, at most


class DigestStore:
    """What an installation's last digest said."""

    def __init__(self, redis: Redis, installation: InstallationId) -> None:
        self._redis = redis
        self._name = f"wharfinger:digest:{installation}"

    def get(self) -> DigestState | None:
        """Return what the last digest said; None before the first."""
        packed = self._redis.get(self._name)
        try:
            return (
                from_json_value(DigestState, json.loads(zlib.decompress(packed))) if isinstance(packed, bytes) else None
            )
        except (zlib.error, ValueError, KeyError, TypeError, AttributeError):
            return None

    def put(self, previous: DigestState) -> None:
        """Keep what a digest said."""
        self._redis.set(self._name, zlib.compress(json.dumps(to_json_value(previous)).encode()))

    def first_digest_may_wait(self, facts: DigestFacts, now: datetime) -> bool:
        """Whether the first digest still waits for the first sweep to come round."""
        self._redis.set(f"{self._name}:asked", now.isoformat(), nx=True)
        asked = self._redis.get(f"{self._name}:asked")
        since = datetime.fromisoformat(asked.decode()) if isinstance(asked, bytes) else now
        return now - since < FIRST_DIGEST_DELAY and any(why == NOT_SWEPT_YET for _, why in facts.not_evaluated)

    def forget(self) -> None:
        """Forget an installation that is gone."""
        self._redis.delete(self._name, f"{self._name}:asked")
