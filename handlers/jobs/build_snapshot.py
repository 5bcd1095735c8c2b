"""Follow a commit's files to those that they lead to: a workflow to a script, to a Makefile, to a script."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.github.commit_state import File, Reading
from bot.github.repositories import RepositoryReader
from bot.model.findings import Unreadable
from bot.registries import Catalogue
from bot.snapshot.repository_snapshot import Snapshot, look_further, take_snapshot

MOST_HOPS = 6  # how often what was read may lead to more
MOST_PATHS = 300  # files beside the workflows
TOO_MANY = f"more than {MOST_PATHS} files lead to publications here; it was not read"


@dataclass(frozen=True, slots=True)
class Followed:
    """A snapshot without what GitHub holds, and all that it was made from."""

    snapshot: Snapshot
    files: Mapping[str, File]
    paths: tuple[str, ...]  # beside the workflows: what was asked for, found or not


def follow(
    reader: RepositoryReader, reading: Reading, asked: Iterable[str], now: datetime, catalogue: Catalogue
) -> Followed:
    """Take the snapshot of a reading for which `asked` was asked, and of all that it leads to."""
    known, files = set(asked), dict(reading.files)
    taken = take_snapshot(reading.repository, reading.commit, now, contents(files), catalogue)
    not_followed: list[Unreadable] = []
    for _ in range(MOST_HOPS):
        paths = sorted(taken.wanted - known - files.keys())
        room = max(0, MOST_PATHS - len(known))
        not_followed += [Unreadable(path, TOO_MANY) for path in paths[room:]]
        known |= set(paths)
        if not paths[:room]:
            break
        found = reader.further(paths[:room])
        files |= found
        taken = look_further(taken, contents(found), catalogue)
    unreadable = [Unreadable(file.path, file.reason) for file in files.values() if file.reason]
    snapshot = replace(taken.snapshot, unreadable=(*taken.snapshot.unreadable, *unreadable, *not_followed))
    return Followed(snapshot, files, tuple(sorted(known)[:MOST_PATHS]))


def contents(files: Mapping[str, File]) -> dict[str, bytes]:
    """Return what the files hold, those whose content is known."""
    return {path: file.content for path, file in files.items() if file.content is not None}
