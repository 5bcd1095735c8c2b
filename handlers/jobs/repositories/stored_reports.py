"""What is kept here beside a snapshot and belongs to it: reviews of access, what registries have, accounts of versions."""

from dataclasses import replace

from redis import Redis

from bot.model.core_types import RepositoryId
from bot.model.findings import Known
from bot.snapshot.repository_snapshot import Snapshot
from handlers.records.review_store import ReviewStore
from handlers.records.trace_store import TraceStore
from handlers.records.watch_store import WatchStore


def add_stored_records(redis: Redis, repository: RepositoryId, snapshot: Snapshot) -> Snapshot:
    """Add what is kept of a repository to its snapshot, as it is now."""
    return replace(
        snapshot,
        reviews=Known(ReviewStore(redis).of_repository(repository, snapshot.repository)),
        registry_versions=WatchStore(redis).observed_packages(repository),
        version_traces=TraceStore(redis).for_evaluation(repository),
    )
