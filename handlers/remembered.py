"""What is kept here beside a snapshot and belongs to it: reviews of access, what registries have, accounts of versions."""

from dataclasses import replace

from redis import Redis

from bot.findings import Seen
from bot.names import RepositoryId
from bot.repository import Snapshot
from handlers.accounts import AccountBook
from handlers.reviews import ReviewBook
from handlers.watching import WatchBook


def remembered(redis: Redis, repository: RepositoryId, snapshot: Snapshot) -> Snapshot:
    """Add what is kept of a repository to its snapshot, as it is now."""
    return replace(
        snapshot,
        reviews=Seen(ReviewBook(redis).of(repository, snapshot.repository)),
        watched=WatchBook(redis).watched_of(repository),
        released=AccountBook(redis).judged(repository),
    )
