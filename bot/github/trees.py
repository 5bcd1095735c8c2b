"""Reads the names of all files of a repository at a commit."""

from dataclasses import dataclass

from bot.github.client import ReadLine, path
from bot.github.commit_query import Revision
from bot.github.github_errors import TooLargeError
from bot.github.repositories import READ_FILES
from bot.json_access import records, text, true


@dataclass(frozen=True, slots=True)
class Tree:
    """The paths of all files; `cut` when GitHub did not tell all of them (more than 100,000 entries or 7 MB)."""

    paths: tuple[str, ...]
    cut: bool = False


def read_tree(line: ReadLine, place: Revision) -> Tree:
    """Read the names of all files at a commit, in one call (docs.github.com/rest/git/trees)."""
    address = path("repos", place.owner, place.name, "git", "trees", place.at)
    try:
        found = line.get(address, READ_FILES.format(place.repository), recursive=1).record()
    except TooLargeError:
        return Tree((), cut=True)
    entries = records(found, "tree")
    return Tree(tuple(text(each, "path") for each in entries if text(each, "type") == "blob"), true(found, "truncated"))
