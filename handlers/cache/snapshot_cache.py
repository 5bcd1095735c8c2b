"""The latest snapshot of each repository's default branch, kept in Redis: previews and the register are made from them."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version

from redis import Redis

from bot.model.core_types import FullName, RepositoryId, Sha
from bot.model.findings import Unreadable
from bot.policy import Subject
from bot.registries import Catalogue
from bot.settings import Holdings
from bot.snapshot.repository_snapshot import Snapshot, take_snapshot
from bot.snapshot.zizmor_findings import Hygiene
from handlers.config.redis_values import frozen, thawed

# What one repository may take in Redis, compressed. Workflows and what they run are small; what is larger is left out, and a
# preview says that it does not know the repository.
MOST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Kept:
    """A snapshot that is kept, and what a policy's targets look at."""

    snapshot: Snapshot
    subject: Subject


class Snapshots:
    """Every repository's kept snapshot, by number. A sweep makes all of them anew."""

    def __init__(self, redis: Redis, catalogue: Catalogue) -> None:
        self._redis = redis
        self._catalogue = catalogue

    def put(self, repository: RepositoryId, kept: Kept, files: Mapping[str, bytes]) -> None:
        """Keep a snapshot with the files that it was taken from, in place of the one before."""
        text = json.dumps(_record(kept, files), separators=(",", ":"))
        packed = zlib.compress(text.encode(), level=6)
        if len(packed) > MOST_BYTES:
            self.forget(repository)
        else:
            self._redis.set(snapshot_key(repository), packed)

    def get(self, repository: RepositoryId) -> Kept | None:
        """Return a repository's snapshot; None where there is none, or one that another version of Wharfinger took."""
        try:
            record = self._record(repository)
            return None if record is None else self._kept(record)
        except (zlib.error, ValueError, KeyError, TypeError, AttributeError):
            return None

    def subject(self, repository: RepositoryId) -> Subject | None:
        """Return only what a policy's targets look at, without taking the snapshot again."""
        try:
            record = self._record(repository)
            return None if record is None else thawed(Subject, record["subject"])
        except (zlib.error, ValueError, KeyError, TypeError, AttributeError):
            return None

    def holdings(self, repository: RepositoryId) -> Holdings | None:
        """Return only what GitHub held at the last look, without taking the snapshot again."""
        try:
            record = self._record(repository)
            return None if record is None else thawed(Holdings, record["holdings"])
        except (zlib.error, ValueError, KeyError, TypeError, AttributeError):
            return None

    def _record(self, repository: RepositoryId) -> Mapping[str, object] | None:
        packed = self._redis.get(snapshot_key(repository))
        record = json.loads(zlib.decompress(packed)) if isinstance(packed, bytes) else {"version": None}
        return record if record["version"] == version("wharfinger") else None

    def forget(self, repository: RepositoryId) -> None:
        """Forget a repository that is gone."""
        self._redis.delete(snapshot_key(repository))

    def _kept(self, record: Mapping[str, object]) -> Kept:
        """Take the same snapshot again, from the same files."""
        files = thawed(Mapping[str, str], record["files"])
        taken = take_snapshot(
            thawed(FullName, record["repository"]),
            thawed(Sha | None, record["commit"]),
            thawed(datetime, record["taken_at"]),
            {path: content.encode("latin-1") for path, content in files.items()},  # byte for byte, and packed well
            self._catalogue,
            thawed(Holdings, record["holdings"]),
        )
        snapshot = replace(
            taken.snapshot,
            unreadable=thawed(tuple[Unreadable, ...], record["unreadable"]),
            hygiene=thawed(Hygiene, record["hygiene"]),
        )
        return Kept(snapshot, thawed(Subject, record["subject"]))


def _record(kept: Kept, files: Mapping[str, bytes]) -> Mapping[str, object]:
    snapshot = kept.snapshot
    return {
        "version": version("wharfinger"),
        "repository": snapshot.repository,
        "commit": snapshot.commit,
        "taken_at": snapshot.taken_at.isoformat(),
        "files": {path: content.decode("latin-1") for path, content in files.items()},
        "unreadable": frozen(snapshot.unreadable),
        "holdings": frozen(snapshot.holdings),
        "hygiene": frozen(snapshot.hygiene),
        "subject": frozen(kept.subject),
    }


def snapshot_key(repository: RepositoryId) -> str:
    """Return the name under which a repository's snapshot rests in Redis."""
    return f"wharfinger:snapshot:{repository}"
