"""What our issues are to say, kept in Redis from the judgement to the writing; and where issues are open. A sweep makes it anew."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from redis import Redis

from bot.model.core_types import FullName, InstallationId, RepositoryId
from bot.policy import Issues, Policy
from bot.rendering.issue import IssueText
from bot.rendering.marker import digest
from handlers.config.redis_values import frozen, thawed

OPEN = "wharfinger:open-issues"  # a hash: repository -> OpenIssue


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an issue about a repository is to say, and in which repository; None: the policy asks for none."""

    installation: InstallationId
    repository: RepositoryId
    said: IssueText
    holder: FullName | None


@dataclass(frozen=True, slots=True)
class OpenIssue:
    """Where an issue about a repository may be open."""

    installation: InstallationId
    repository: RepositoryId
    holder: FullName


class WantedIssues:
    """The wanted issue of each repository, and whether GitHub has it so already."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def put(self, wanted: Wanted) -> bool:
        """Keep what is wanted; say whether there is anything to write, as far as is known here."""
        text = json.dumps(frozen(wanted))
        self._redis.set(_name(wanted.repository), text)
        return self._redis.get(f"{_name(wanted.repository)}:written") != _mark(wanted)

    def get(self, repository: RepositoryId) -> Wanted | None:
        """Return what is wanted; None where nothing is known, or another version wrote it."""
        text = self._redis.get(_name(repository))
        try:
            return thawed(Wanted, json.loads(text)) if isinstance(text, bytes) else None
        except (ValueError, KeyError, TypeError, AttributeError):
            return None

    def written(self, wanted: Wanted) -> None:
        """Note that GitHub has it so."""
        self._redis.set(f"{_name(wanted.repository)}:written", _mark(wanted))

    def forget(self, repository: RepositoryId) -> None:
        """Forget a repository that nobody has to be told of any more."""
        self._redis.delete(_name(repository), f"{_name(repository)}:written")
        self._redis.hdel(OPEN, str(repository))

    def opened(self, wanted: Wanted, holder: FullName) -> None:
        """Note where an issue is open."""
        record = OpenIssue(wanted.installation, wanted.repository, holder)
        self._redis.hset(OPEN, str(wanted.repository), json.dumps(frozen(record)))

    def closed(self, repository: RepositoryId) -> None:
        """Note that none is open any more."""
        self._redis.hdel(OPEN, str(repository))

    def where(self, repository: RepositoryId) -> OpenIssue | None:
        """Return where an issue about a repository may be open."""
        return _open_issue(self._redis.hget(OPEN, str(repository)))

    def open(self) -> Iterator[OpenIssue]:
        """Yield every issue that may be open, of all installations."""
        values: list[Any] = self._redis.hvals(OPEN)
        for value in values:
            if found := _open_issue(value):
                yield found


def holder_of(repository: FullName, policy: Policy) -> FullName | None:
    """Say in which repository a policy wants the issue about a repository."""
    match policy.reports.issues:
        case Issues.REPOSITORY:
            return repository
        case Issues.CENTRAL:
            return policy.reports.central
        case Issues.OFF:
            return None


def _mark(wanted: Wanted) -> bytes:
    # The evidence names commit and time: by itself it is no reason to write.
    said = wanted.said
    body = said.body if said.failing else ""
    facts = (wanted.holder, said.repository, body, said.failing, said.doubtful, said.evaluated, said.certain)
    return digest(repr(facts)).encode()


def _name(repository: RepositoryId) -> str:
    return f"wharfinger:wanted:{repository}"


def _open_issue(value: object) -> OpenIssue | None:
    try:
        return thawed(OpenIssue, json.loads(value)) if isinstance(value, bytes) else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
