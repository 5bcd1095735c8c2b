"""Reads the names of all files of a repository at a commit."""

from dataclasses import dataclass

from bot.github.client import ReadOnlyClient, api_path
from bot.github.commit_query import Revision
from bot.github.github_errors import TooLargeError
from bot.github.repositories import READ_FILES_ACTION
from bot.json_access import get_bool, get_objects, get_str


@dataclass(frozen=True, slots=True)
class RepositoryTree:
    """The paths of all files; `cut` when GitHub did not tell all of them (more than 100,000 entries or 7 MB)."""

    paths: tuple[str, ...]
    truncated: bool = False


def read_tree(client: ReadOnlyClient, revision: Revision) -> RepositoryTree:
    """Read the names of all files at a commit, in one call (docs.github.com/rest/git/trees)."""
    address = api_path("repos", revision.owner, revision.name, "git", "trees", revision.rev)
    try:
        found = client.get(address, READ_FILES_ACTION.format(revision.repository), recursive=1).json_object()
    except TooLargeError:
        return RepositoryTree((), truncated=True)
    entries = get_objects(found, "tree")
    return RepositoryTree(
        tuple(get_str(each, "path") for each in entries if get_str(each, "type") == "blob"),
        get_bool(found, "truncated"),
    )
