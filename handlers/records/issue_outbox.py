"""Stores issue texts until they are written to GitHub, and where issues are open."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from redis import Redis

from bot.model.core_types import FullName, InstallationId, RepositoryId
from bot.policy import IssueDestination, Policy
from bot.rendering.issue import IssueText
from bot.rendering.markdown import text_fingerprint
from handlers.config.redis_values import from_json_value, to_json_value

OPEN_ISSUES_KEY = "wharfinger:open-issues"  # a hash: repository -> OpenIssue


@dataclass(frozen=True, slots=True)
class IssueOutboxEntry:
    """What an issue about a repository is to say, and in which repository; None: the policy asks for none."""

    installation: InstallationId
    repository: RepositoryId
    issue_text: IssueText
    issue_repository: FullName | None


@dataclass(frozen=True, slots=True)
class OpenIssue:
    """Where an issue about a repository may be open."""

    installation: InstallationId
    repository: RepositoryId
    issue_repository: FullName


class IssueOutbox:
    """The wanted issue of each repository, and whether GitHub has it so already."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def put(self, entry: IssueOutboxEntry) -> bool:
        """Keep what is wanted; say whether there is anything to write, as far as is known here."""
        text = json.dumps(to_json_value(entry))
        self._redis.set(_entry_key(entry.repository), text)
        return self._redis.get(f"{_entry_key(entry.repository)}:written") != _entry_fingerprint(entry)

    def get(self, repository: RepositoryId) -> IssueOutboxEntry | None:
        """Return what is wanted; None where nothing is known, or another version wrote it."""
        text = self._redis.get(_entry_key(repository))
        try:
            return from_json_value(IssueOutboxEntry, json.loads(text)) if isinstance(text, bytes) else None
        except (ValueError, KeyError, TypeError, AttributeError):
            return None

    def mark_written(self, entry: IssueOutboxEntry) -> None:
        """Note that GitHub has it so."""
        self._redis.set(f"{_entry_key(entry.repository)}:written", _entry_fingerprint(entry))

    def forget(self, repository: RepositoryId) -> None:
        """Forget a repository that nobody has to be told of any more."""
        self._redis.delete(_entry_key(repository), f"{_entry_key(repository)}:written")
        self._redis.hdel(OPEN_ISSUES_KEY, str(repository))

    def mark_open(self, entry: IssueOutboxEntry, issue_repository: FullName) -> None:
        """Note where an issue is open."""
        record = OpenIssue(entry.installation, entry.repository, issue_repository)
        self._redis.hset(OPEN_ISSUES_KEY, str(entry.repository), json.dumps(to_json_value(record)))

    def mark_closed(self, repository: RepositoryId) -> None:
        """Note that none is open any more."""
        self._redis.hdel(OPEN_ISSUES_KEY, str(repository))

    def get_open(self, repository: RepositoryId) -> OpenIssue | None:
        """Return where an issue about a repository may be open."""
        return _parse_open_issue(self._redis.hget(OPEN_ISSUES_KEY, str(repository)))

    def open_issues(self) -> Iterator[OpenIssue]:
        """Yield every issue that may be open, of all installations."""
        values: list[Any] = self._redis.hvals(OPEN_ISSUES_KEY)
        for value in values:
            if found := _parse_open_issue(value):
                yield found


def issue_repository_of(repository: FullName, policy: Policy) -> FullName | None:
    """Say in which repository a policy wants the issue about a repository."""
    match policy.reports.issues:
        case IssueDestination.REPOSITORY:
            return repository
        case IssueDestination.CENTRAL:
            return policy.reports.central_repository
        case IssueDestination.OFF:
            return None


def _entry_fingerprint(entry: IssueOutboxEntry) -> bytes:
    # The evidence names commit and time: by itself it is no reason to write.
    said = entry.issue_text
    body = said.body if said.failed_rules else ""
    facts = (
        entry.issue_repository,
        said.repository,
        body,
        said.failed_rules,
        said.unknown_rules,
        said.evaluated,
        said.policy_readable,
    )
    return text_fingerprint(repr(facts)).encode()


def _entry_key(repository: RepositoryId) -> str:
    return f"wharfinger:wanted:{repository}"


def _parse_open_issue(value: object) -> OpenIssue | None:
    try:
        return from_json_value(OpenIssue, json.loads(value)) if isinstance(value, bytes) else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
