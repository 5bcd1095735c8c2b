"""When workflows that publish last ran, kept in Redis: GitHub is asked where a review or the register wants to know, once a day."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime

from redis import Redis

from bot.github.client import ReadOnlyClient, api_path
from bot.github.github_errors import ForbiddenError, MissingError
from bot.identities import workflows_using
from bot.identities.publishing_identity import PublishingIdentity
from bot.json_access import get_datetime, get_objects
from bot.model.core_types import FullName, RepositoryId
from bot.snapshot.repository_snapshot import Snapshot

REFRESH_AFTER = 24 * 3600  # seconds for which a workflow's runs are not asked for again
CACHE_TTL = 400 * 24 * 3600  # seconds; GitHub itself keeps runs for 400 days at most
MAX_WORKFLOWS = 20  # workflows of one repository


class WorkflowRunCache:
    """The last run of each workflow of a repository, by path."""

    def __init__(self, redis: Redis, repository: RepositoryId) -> None:
        self._redis = redis
        self._key = f"wharfinger:runs:{repository}"

    def cached(self) -> Mapping[str, datetime]:
        """Return what is known without asking."""
        kept = self._redis.get(self._key)
        found = json.loads(kept) if isinstance(kept, bytes) else {}
        return {file: datetime.fromisoformat(at) for file, at in found.items()}

    def refresh(self, client: ReadOnlyClient, repository: FullName, files: Iterable[str]) -> Mapping[str, datetime]:
        """Ask GitHub when each of these workflows last ran, unless that was asked not long ago; a call for each."""
        asked = f"{self._key}:asked"
        found = dict(self.cached())
        if self._redis.exists(asked):
            return found
        for file in sorted(files)[:MAX_WORKFLOWS]:
            at = _last_run(client, repository, file)
            if at is not None:
                found[file] = at
        self._redis.set(self._key, json.dumps({file: at.isoformat() for file, at in found.items()}), ex=CACHE_TTL)
        self._redis.set(asked, "1", ex=REFRESH_AFTER)
        return found


def workflow_files(identities: Iterable[PublishingIdentity], snapshot: Snapshot) -> frozenset[str]:
    """Return the workflows whose runs tell when these identities were last used."""
    return frozenset(workflow.path for each in identities for workflow in workflows_using(each, snapshot))


def _last_run(client: ReadOnlyClient, repository: FullName, file: str) -> datetime | None:
    name = file.rpartition("/")[2]
    address = api_path("repos", *repository.split("/", 1), "actions", "workflows", name, "runs")
    try:
        runs = get_objects(client.get(address, "read its runs", per_page=1).json_object(), "workflow_runs")
    except (MissingError, ForbiddenError):  # never ran, or we may not know
        return None
    return get_datetime(runs[0], "run_started_at") or get_datetime(runs[0], "created_at") if runs else None
