"""Follow a commit's files to those that they lead to: a workflow to a script, to a Makefile, to a script."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.github.commit_state import CommitState, RepositoryFile
from bot.github.repositories import CommitReader
from bot.model.findings import UnreadableFile
from bot.registries import Catalog
from bot.snapshot.repository_snapshot import Snapshot, extend_snapshot, take_snapshot

MAX_HOPS = 6  # how often what was read may lead to more
MAX_PATHS = 300  # files beside the workflows
TOO_MANY_FILES = f"more than {MAX_PATHS} files lead to publications here; it was not read"


@dataclass(frozen=True, slots=True)
class FollowedFiles:
    """A snapshot without what GitHub holds, and all that it was made from."""

    snapshot: Snapshot
    files: Mapping[str, RepositoryFile]
    paths: tuple[str, ...]  # beside the workflows: what was asked for, found or not


def follow_files(
    reader: CommitReader, reading: CommitState, requested_paths: Iterable[str], now: datetime, catalog: Catalog
) -> FollowedFiles:
    """Take the snapshot of a reading for which `asked` was asked, and of all that it leads to."""
    known, files = set(requested_paths), dict(reading.files)
    taken = take_snapshot(reading.repository, reading.commit, now, file_contents(files), catalog)
    not_followed: list[UnreadableFile] = []
    for _ in range(MAX_HOPS):
        paths = sorted(taken.missing_paths - known - files.keys())
        room = max(0, MAX_PATHS - len(known))
        not_followed += [UnreadableFile(path, TOO_MANY_FILES) for path in paths[room:]]
        known |= set(paths)
        if not paths[:room]:
            break
        found = reader.read_more(paths[:room])
        files |= found
        taken = extend_snapshot(taken, file_contents(found), catalog)
    unreadable = [UnreadableFile(file.path, file.reason) for file in files.values() if file.reason]
    snapshot = replace(taken.snapshot, unreadable=(*taken.snapshot.unreadable, *unreadable, *not_followed))
    return FollowedFiles(snapshot, files, tuple(sorted(known)[:MAX_PATHS]))


def file_contents(files: Mapping[str, RepositoryFile]) -> dict[str, bytes]:
    """Return what the files hold, those whose content is known."""
    return {path: file.content for path, file in files.items() if file.content is not None}
