"""What changed between two commits, as compare, pulls and commits show it."""

import difflib
from dataclasses import dataclass, replace

from tests.fakes.github.state.git import FakeGitObjects

MAX_DIFF_LINES = 3000  # GitHub leaves the patch of a large change out; the exact size is not documented


@dataclass(frozen=True, slots=True)
class FakeFileChange:
    """One file that differs."""

    path: str
    status: str  # added, removed, modified, renamed
    sha: str
    additions: int
    deletions: int
    patch: str | None  # None for a binary or very large file
    previous: str | None = None  # the former path of a renamed file


def changed_files(objects: FakeGitObjects, before: str | None, after: str) -> list[FakeFileChange]:
    """The files that differ between two commits; `before=None` is the empty tree."""
    old = dict(objects.files(objects.commits[before].tree)) if before else {}
    new = dict(objects.files(objects.commits[after].tree))
    result = []
    for path in sorted(old.keys() | new.keys()):
        if old.get(path) == new.get(path):
            continue
        status = "removed" if path not in new else "modified" if path in old else "added"
        was, now = old.get(path), new.get(path)
        patch = _patch(objects.blobs.get(was.sha, b"") if was else b"", objects.blobs.get(now.sha, b"") if now else b"")
        lines = (patch or "").splitlines()
        sha = now.sha if now else was.sha if was else ""
        added, gone = sum(line.startswith("+") for line in lines), sum(line.startswith("-") for line in lines)
        result.append(FakeFileChange(path, status, sha, added, gone, patch))
    return _renamed(result, {path: entry.sha for path, entry in old.items()})


def _renamed(found: list[FakeFileChange], old: dict[str, str]) -> list[FakeFileChange]:
    """Joins a removed and an added file of the same content into a renamed one. GitHub does so for similar ones as well."""
    gone = {old[each.path]: each.path for each in found if each.status == "removed"}
    moved = {each.path: gone.pop(each.sha) for each in found if each.status == "added" and each.sha in gone}
    return [
        replace(each, status="renamed", additions=0, deletions=0, patch=None, previous=moved[each.path])
        if each.path in moved
        else each
        for each in found
        if each.path not in moved.values()
    ]


def merge_base(objects: FakeGitObjects, one: str, other: str) -> str | None:
    """The newest commit that both have."""
    theirs = set(objects.ancestors(other))
    return next((sha for sha in objects.ancestors(one) if sha in theirs), None)


def commits_only_in(objects: FakeGitObjects, one: str, other: str) -> list[str]:
    """The commits of `one` that `other` does not have, oldest first."""
    theirs = set(objects.ancestors(other))
    return [sha for sha in objects.ancestors(one) if sha not in theirs][::-1]


def _patch(before: bytes, after: bytes) -> str | None:
    try:
        old, new = before.decode().splitlines(), after.decode().splitlines()
    except UnicodeDecodeError:
        return None
    if "\0" in (before + after).decode() or len(old) + len(new) > MAX_DIFF_LINES:
        return None
    return "\n".join(list(difflib.unified_diff(old, new, lineterm="", n=3))[2:])
