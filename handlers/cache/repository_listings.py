"""Stores unresolved packages and last workflow runs of repositories in Redis."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from redis import Redis

from bot.github.client import ReadOnlyClient, api_path
from bot.github.github_errors import AccessError
from bot.identities import workflows_using
from bot.identities.publishing_identity import PublishingIdentity
from bot.json_access import get_datetime, get_objects
from bot.model.core_types import FullName, RepositoryId
from bot.model.findings import UnreadableFile
from bot.snapshot.repository_snapshot import Snapshot
from handlers.config.documents import from_document, to_document

UNRESOLVED_KEY = "wharfinger:packages:unresolved"
UNRESOLVED_TTL = timedelta(days=7)  # a sweep says it anew each day; what nobody says any more goes


class UnresolvedPackageStore:
    """By repository: files and registries whose packages are not watched, since nothing tells their names."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def put(self, repository: FullName, unresolved: tuple[UnreadableFile, ...]) -> None:
        """Keep what could not be told of a repository, in place of what could not be told before."""
        key = f"{UNRESOLVED_KEY}:{repository.lower()}"
        if unresolved:
            self._redis.set(
                key, json.dumps([repository, to_document(tuple[UnreadableFile, ...], unresolved)]), ex=UNRESOLVED_TTL
            )
        else:
            self._redis.delete(key)

    def all(self) -> Mapping[FullName, tuple[UnreadableFile, ...]]:
        """Return what could not be told, by repository."""
        kept = [self._redis.get(key) for key in self._redis.scan_iter(f"{UNRESOLVED_KEY}:*", count=1000)]
        said = [json.loads(each) for each in kept if isinstance(each, bytes)]
        return {FullName(name): from_document(tuple[UnreadableFile, ...], untold) for name, untold in sorted(said)}


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
    except AccessError:  # never ran, or we may not know
        return None
    return get_datetime(runs[0], "run_started_at") or get_datetime(runs[0], "created_at") if runs else None
