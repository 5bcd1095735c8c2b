"""Find the packages that a repository publishes: its manifests are read where its publications, or the policy, name a registry."""

from dataclasses import replace

from bot.github.client import ReadOnlyClient
from bot.github.commit_query import Revision
from bot.github.repositories import CommitReader
from bot.github.trees import read_tree
from bot.model.findings import UnreadableFile
from bot.packages.manifests import PublishedPackages, find_published_packages, manifest_paths
from bot.policy import Policy
from bot.registries import Catalog
from bot.snapshot.repository_snapshot import Snapshot


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
