"""Reads a commit's snapshot from GitHub: follows what its files lead to, and finds the packages that it publishes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.github.client import ReadOnlyClient
from bot.github.commit_query import Revision
from bot.github.commit_state import CommitReader, CommitState, RepositoryFile, read_tree
from bot.model.findings import UnreadableFile
from bot.packages.manifests import PublishedPackages, find_published_packages, manifest_paths
from bot.policy import Policy
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
    kept_settings: bool = False  # its settings were read for an earlier commit


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
        if not paths[:room] and not taken.missing_remote_files:
            break
        found = reader.read_more(paths[:room])
        remote_files = reader.read_remote(taken.missing_remote_files)
        files |= found
        taken = extend_snapshot(taken, file_contents(found), catalog, remote_files)
    unreadable = [UnreadableFile(file.path, file.reason) for file in files.values() if file.reason]
    snapshot = replace(taken.snapshot, unreadable=(*taken.snapshot.unreadable, *unreadable, *not_followed))
    return FollowedFiles(snapshot, files, tuple(sorted(known)[:MAX_PATHS]))


def file_contents(files: Mapping[str, RepositoryFile]) -> dict[str, bytes]:
    """Return what the files hold, those whose content is known."""
    return {path: file.content for path, file in files.items() if file.content is not None}


def published_packages(
    client: ReadOnlyClient, reader: CommitReader, snapshot: Snapshot, policy: Policy, catalog: Catalog
) -> PublishedPackages:
    """Say which packages a snapshot's repository publishes; two further calls, none where it publishes nothing.

    `reader` is the one that read the snapshot: its budget bounds the manifests too. Raises as reading files does.
    """
    registries = {publication.registry for publication in snapshot.publications}
    readable = any(catalog.registries[each].request_policy for each in registries if each in catalog.registries)
    if not readable or snapshot.commit is None:
        return find_published_packages(snapshot.repository, {}, registries, policy.packages, catalog)
    tree = read_tree(client, Revision(snapshot.repository, snapshot.commit))
    files = reader.read_more(manifest_paths(tree.paths))
    texts = {path: file.content.decode("utf-8", "replace") for path, file in files.items() if file.content is not None}
    found = find_published_packages(snapshot.repository, texts, registries, policy.packages, catalog)
    untold = [
        UnreadableFile(path, file.reason or "it was not given") for path, file in files.items() if file.content is None
    ]
    if tree.truncated:
        untold.append(UnreadableFile("the repository", "it has more files than GitHub tells the names of"))
    return replace(found, unidentified=(*found.unidentified, *untold))
