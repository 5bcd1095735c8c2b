"""Builds a repository's snapshot from the files of its publish path, its settings and its packages."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.github.client import ReadOnlyClient
from bot.github.commit_query import Revision
from bot.github.commit_state import CommitReader, CommitState, RepositoryFile, read_tree
from bot.github.settings import OrganizationCache, SettingsReader
from bot.model.core_types import FullName
from bot.model.findings import UnreadableFile
from bot.packages.manifests import PublishedPackages, find_published_packages, manifest_paths
from bot.policy import Policy
from bot.registries import Catalog
from bot.settings import RepositorySettings, SettingsQuery
from bot.snapshot.repository_snapshot import Snapshot, extend_snapshot, take_snapshot
from bot.workflows.expressions import ContextValues, context_values, possible_values
from handlers.config.context import Context

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


def read_settings(  # noqa: PLR0913 - where to ask, what is judged, and by what
    context: Context, client: ReadOnlyClient, reading: CommitState, snapshot: Snapshot, policy: Policy, *, fresh: bool
) -> RepositorySettings:
    """Read what the rules in force read; `fresh` asks again for what is kept of the organization.

    Raises LaterError when GitHub wants to be asked later.
    """
    reads = {read for rule in policy.rules for read in rule.reads} - {SettingsQuery.FILES}
    if reading.is_default_branch_head:  # there alerts compare what is held with the last look
        reads |= {read for signal in policy.alerts for read in signal.reads if isinstance(read, SettingsQuery)}
    login = FullName(reading.repository).partition("/")[0]
    kept = OrganizationCache(client, context.redis, login, refresh=fresh)
    reader = SettingsReader(kept, reading.repository, reading.facts, context.catalog, reads)
    named = None if None in (names := set(_environments(snapshot))) else frozenset(filter(None, names))
    return reader.read(named, publishes=bool(snapshot.publications))


def _environments(snapshot: Snapshot) -> Iterator[str | None]:
    """Yield the environments that publications name; None where a name can be anything."""
    for publication in snapshot.publications:
        name = publication.environment
        if not name or "${{" not in name:
            yield name or ""
            continue
        workflow = snapshot.workflows.get(publication.file)
        scope = context_values(workflow, workflow.jobs.get(publication.job)) if workflow else ContextValues()
        values = possible_values(name, scope)
        yield from (None,) if values is None else values


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
