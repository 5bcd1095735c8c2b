"""Stores the latest snapshot of each repository's default branch in Redis."""

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from redis import Redis

from bot import __version__
from bot.detection.remote_files import RemoteFile
from bot.model.core_types import FullName, RepositoryId, Sha
from bot.model.findings import UnreadableFile
from bot.policy import TargetRepository
from bot.registries import Catalog
from bot.settings import RepositorySettings
from bot.snapshot.repository_snapshot import Snapshot, take_snapshot
from bot.snapshot.zizmor_findings import ZizmorFindings
from handlers.config.documents import from_document, to_document

# What one repository may take in Redis, compressed. Workflows and what they run are small; what is larger is left out, and a
# preview says that it does not know the repository.
MAX_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class StoredSnapshot:
    """A snapshot that is kept, and what a policy's targets look at."""

    snapshot: Snapshot
    subject: TargetRepository


class SnapshotCache:
    """Every repository's kept snapshot, by number. A sweep makes all of them anew."""

    def __init__(self, redis: Redis, catalog: Catalog) -> None:
        self._redis = redis
        self._catalog = catalog

    def put(self, repository: RepositoryId, stored: StoredSnapshot, files: Mapping[str, bytes]) -> None:
        """Keep a snapshot with the files that it was taken from, in place of the one before."""
        text = json.dumps(_record(stored, files), separators=(",", ":"))
        packed = zlib.compress(text.encode(), level=6)
        if len(packed) > MAX_BYTES:
            self.forget(repository)
        else:
            self._redis.set(snapshot_key(repository), packed)

    def get(self, repository: RepositoryId) -> StoredSnapshot | None:
        """Return a repository's snapshot; None where there is none, or one that another version of Wharfinger took."""
        try:
            record = self._read_record(repository)
            return None if record is None else self._rebuild_snapshot(record)
        except (zlib.error, ValueError, KeyError, TypeError, AttributeError):
            return None

    def subject(self, repository: RepositoryId) -> TargetRepository | None:
        """Return only what a policy's targets look at, without taking the snapshot again."""
        try:
            record = self._read_record(repository)
            return None if record is None else from_document(TargetRepository, record["subject"])
        except (zlib.error, ValueError, KeyError, TypeError, AttributeError):
            return None

    def settings(self, repository: RepositoryId) -> RepositorySettings | None:
        """Return only what GitHub held at the last look, without taking the snapshot again."""
        try:
            record = self._read_record(repository)
            return None if record is None else from_document(RepositorySettings, record["settings"])
        except (zlib.error, ValueError, KeyError, TypeError, AttributeError):
            return None

    def _read_record(self, repository: RepositoryId) -> Mapping[str, object] | None:
        packed = self._redis.get(snapshot_key(repository))
        record = json.loads(zlib.decompress(packed)) if isinstance(packed, bytes) else {"version": None}
        return record if record["version"] == __version__ else None

    def forget(self, repository: RepositoryId) -> None:
        """Forget a repository that is gone."""
        self._redis.delete(snapshot_key(repository))

    def _rebuild_snapshot(self, record: Mapping[str, object]) -> StoredSnapshot:
        """Take the same snapshot again, from the same files."""
        files = from_document(Mapping[str, str], record["files"])
        taken = take_snapshot(
            from_document(FullName, record["repository"]),
            from_document(Sha | None, record["commit"]),
            from_document(datetime, record["taken_at"]),
            {path: content.encode("latin-1") for path, content in files.items()},  # byte for byte, and packed well
            self._catalog,
            from_document(RepositorySettings, record["settings"]),
            _remote_files(from_document(tuple[tuple[str, str, str, str, bool], ...], record["remote_files"])),
        )
        snapshot = replace(
            taken.snapshot,
            unreadable=from_document(tuple[UnreadableFile, ...], record["unreadable"]),
            zizmor_findings=from_document(ZizmorFindings, record["zizmor_findings"]),
        )
        return StoredSnapshot(snapshot, from_document(TargetRepository, record["subject"]))


def _remote_files(rows: Iterable[tuple[str, str, str, str, bool]]) -> dict[RemoteFile, bytes | str]:
    return {
        RemoteFile(FullName(repository), ref, path): text.encode("latin-1") if was_read else text
        for repository, ref, path, text, was_read in rows
    }


def _remote_rows(files: Mapping[RemoteFile, bytes | str]) -> list[tuple[str, str, str, str, bool]]:
    return [
        (
            file.repository,
            file.ref,
            file.path,
            content if isinstance(content, str) else content.decode("latin-1"),
            not isinstance(content, str),
        )
        for file, content in files.items()
    ]


def _record(stored: StoredSnapshot, files: Mapping[str, bytes]) -> Mapping[str, object]:
    snapshot = stored.snapshot
    return {
        "version": __version__,
        "repository": snapshot.repository,
        "commit": snapshot.commit,
        "taken_at": snapshot.taken_at.isoformat(),
        "files": {path: content.decode("latin-1") for path, content in files.items()},
        "remote_files": _remote_rows(snapshot.remote.contents),
        "unreadable": to_document(tuple[UnreadableFile, ...], snapshot.unreadable),
        "settings": to_document(RepositorySettings, snapshot.settings),
        "zizmor_findings": to_document(ZizmorFindings, snapshot.zizmor_findings),
        "subject": to_document(TargetRepository, stored.subject),
    }


def snapshot_key(repository: RepositoryId) -> str:
    """Return the name under which a repository's snapshot rests in Redis."""
    return f"wharfinger:snapshot:{repository}"
