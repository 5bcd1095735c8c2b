"""When workflows that publish last ran, kept in Redis: GitHub is asked where a review or the register wants to know, once a day."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime

from redis import Redis

from bot.github.client import ReadLine, path
from bot.github.github_errors import ForbiddenError, MissingError
from bot.identities import users
from bot.identities.publishing_identity import Identity
from bot.json_access import moment, records
from bot.model.core_types import FullName, RepositoryId
from bot.snapshot.repository_snapshot import Snapshot

ASKED_FOR = 24 * 3600  # seconds for which a workflow's runs are not asked for again
KEPT_FOR = 400 * 24 * 3600  # seconds; GitHub itself keeps runs for 400 days at most
MOST = 20  # workflows of one repository


class Runs:
    """The last run of each workflow of a repository, by path."""

    def __init__(self, redis: Redis, repository: RepositoryId) -> None:
        self._redis = redis
        self._key = f"wharfinger:runs:{repository}"

    def known(self) -> Mapping[str, datetime]:
        """Return what is known without asking."""
        kept = self._redis.get(self._key)
        found = json.loads(kept) if isinstance(kept, bytes) else {}
        return {file: datetime.fromisoformat(at) for file, at in found.items()}

    def ask(self, line: ReadLine, repository: FullName, files: Iterable[str]) -> Mapping[str, datetime]:
        """Ask GitHub when each of these workflows last ran, unless that was asked not long ago; a call for each."""
        asked = f"{self._key}:asked"
        found = dict(self.known())
        if self._redis.exists(asked):
            return found
        for file in sorted(files)[:MOST]:
            at = _last_run(line, repository, file)
            if at is not None:
                found[file] = at
        self._redis.set(self._key, json.dumps({file: at.isoformat() for file, at in found.items()}), ex=KEPT_FOR)
        self._redis.set(asked, "1", ex=ASKED_FOR)
        return found


def files_of(identities: Iterable[Identity], snapshot: Snapshot) -> frozenset[str]:
    """Return the workflows whose runs tell when these identities were last used."""
    return frozenset(workflow.path for each in identities for workflow in users(each, snapshot))


def _last_run(line: ReadLine, repository: FullName, file: str) -> datetime | None:
    name = file.rpartition("/")[2]
    address = path("repos", *repository.split("/", 1), "actions", "workflows", name, "runs")
    try:
        runs = records(line.get(address, "read its runs", per_page=1).record(), "workflow_runs")
    except (MissingError, ForbiddenError):  # never ran, or we may not know
        return None
    return moment(runs[0], "run_started_at") or moment(runs[0], "created_at") if runs else None
