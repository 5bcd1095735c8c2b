"""What is kept here beside a snapshot and belongs to it: reviews of access, what registries have, accounts of versions."""

from dataclasses import replace

from redis import Redis

from bot.model.core_types import RepositoryId
from bot.model.findings import Seen
from bot.snapshot.repository_snapshot import Snapshot
from handlers.records.review_store import ReviewBook
from handlers.records.trace_store import AccountBook
from handlers.records.watch_store import WatchBook


def remembered(redis: Redis, repository: RepositoryId, snapshot: Snapshot) -> Snapshot:
    """Add what is kept of a repository to its snapshot, as it is now."""
    return replace(
        snapshot,
        reviews=Seen(ReviewBook(redis).of(repository, snapshot.repository)),
        watched=WatchBook(redis).watched_of(repository),
        released=AccountBook(redis).judged(repository),
    )
