"""Find the packages that a repository publishes: its manifests are read where its publications, or the policy, name a registry."""

from dataclasses import replace

from bot.github.client import ReadLine
from bot.github.commit_query import Revision
from bot.github.repositories import RepositoryReader
from bot.github.trees import read_tree
from bot.model.findings import Unreadable
from bot.packages.manifests import Published, packages_of, wanted_manifests
from bot.policy import Policy
from bot.registries import Catalogue
from bot.snapshot.repository_snapshot import Snapshot


def published_packages(
    line: ReadLine, reader: RepositoryReader, snapshot: Snapshot, policy: Policy, catalogue: Catalogue
) -> Published:
    """Say which packages a snapshot's repository publishes; two further calls, none where it publishes nothing.

    `reader` is the one that read the snapshot: its budget bounds the manifests too. Raises as reading files does.
    """
    registries = {publication.registry for publication in snapshot.publications}
    readable = any(catalogue.registries[each].etiquette for each in registries if each in catalogue.registries)
    if not readable or snapshot.commit is None:
        return packages_of(snapshot.repository, {}, registries, policy.packages, catalogue)
    tree = read_tree(line, Revision(snapshot.repository, snapshot.commit))
    files = reader.further(wanted_manifests(tree.paths))
    texts = {path: file.content.decode("utf-8", "replace") for path, file in files.items() if file.content is not None}
    found = packages_of(snapshot.repository, texts, registries, policy.packages, catalogue)
    untold = [
        Unreadable(path, file.reason or "it was not given") for path, file in files.items() if file.content is None
    ]
    if tree.cut:
        untold.append(Unreadable("the repository", "it has more files than GitHub tells the names of"))
    return replace(found, untold=(*found.untold, *untold))
