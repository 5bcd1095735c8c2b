"""Git's objects, with the same ids as git gives them."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

FILE_MODE = "100644"
EXECUTABLE_MODE = "100755"
SYMLINK_MODE = "120000"
SUBMODULE_MODE = "160000"
FOLDER_MODE = "040000"


@dataclass(frozen=True, slots=True)
class FakeTreeEntry:
    """One line of a tree."""

    mode: str
    sha: str


@dataclass(frozen=True, slots=True)
class FakeGitPerson:
    """An author or committer, as git writes them."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class FakeCommit:
    """A commit; `verified` stands for a signature that GitHub accepted."""

    tree: str
    parents: tuple[str, ...]
    author: FakeGitPerson
    committer: FakeGitPerson
    committed_at: float
    message: str
    verified: bool = False


@dataclass(frozen=True, slots=True)
class FakeTag:
    """An annotated tag."""

    commit: str
    name: str
    tagger: FakeGitPerson
    tagged_at: float
    message: str


@dataclass
class FakeGitObjects:
    """The objects of one repository and all its forks: GitHub stores them together, so a fork's commit is readable here too."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    trees: dict[str, dict[str, FakeTreeEntry]] = field(default_factory=dict)
    commits: dict[str, FakeCommit] = field(default_factory=dict)
    tags: dict[str, FakeTag] = field(default_factory=dict)

    def write_blob(self, data: bytes) -> str:
        sha = _sha("blob", data)
        self.blobs[sha] = data
        return sha

    def write_tree(self, files: Mapping[str, FakeTreeEntry]) -> str:
        """The tree of these paths, folders included."""
        entries: dict[str, FakeTreeEntry] = {}
        folders: dict[str, dict[str, FakeTreeEntry]] = {}
        for path, entry in files.items():
            folder, _, rest = path.partition("/")
            if rest:
                folders.setdefault(folder, {})[rest] = entry
            else:
                entries[path] = entry
        for name, inside in folders.items():
            entries[name] = FakeTreeEntry(FOLDER_MODE, self.write_tree(inside))
        ordered = dict(sorted(entries.items(), key=lambda item: item[0] + "/" * (item[1].mode == FOLDER_MODE)))
        raw = b"".join(
            f"{entry.mode.lstrip('0')} {name}\0".encode() + bytes.fromhex(entry.sha) for name, entry in ordered.items()
        )
        sha = _sha("tree", raw)
        self.trees[sha] = ordered
        return sha

    def write_commit(self, commit: FakeCommit) -> str:
        parents = "".join(f"parent {parent}\n" for parent in commit.parents)
        text = (
            f"tree {commit.tree}\n{parents}author {_signature(commit.author, commit.committed_at)}\n"
            f"committer {_signature(commit.committer, commit.committed_at)}\n\n{commit.message}\n"
        )
        sha = _sha("commit", text.encode())
        self.commits[sha] = commit
        return sha

    def write_tag(self, tag: FakeTag) -> str:
        text = f"object {tag.commit}\ntype commit\ntag {tag.name}\ntagger {_signature(tag.tagger, tag.tagged_at)}\n\n{tag.message}\n"
        sha = _sha("tag", text.encode())
        self.tags[sha] = tag
        return sha

    def files(self, tree: str, prefix: str = "") -> Iterator[tuple[str, FakeTreeEntry]]:
        """Every path below a tree that is not itself a folder, in git's order."""
        for name, entry in self.trees[tree].items():
            if entry.mode == FOLDER_MODE:
                yield from self.files(entry.sha, f"{prefix}{name}/")
            else:
                yield prefix + name, entry

    def find(self, tree: str, path: str) -> FakeTreeEntry | None:
        """The entry at a path; the tree itself for the empty path."""
        entry = FakeTreeEntry(FOLDER_MODE, tree)
        for part in filter(None, path.split("/")):
            if entry.mode != FOLDER_MODE or part not in self.trees[entry.sha]:
                return None
            entry = self.trees[entry.sha][part]
        return entry

    def ancestors(self, sha: str) -> list[str]:
        """The commit and all before it, newest first."""
        seen: dict[str, None] = {}
        waiting = [sha]
        while waiting:
            waiting.sort(key=lambda each: self.commits[each].committed_at)
            latest = waiting.pop()
            if latest not in seen:
                seen[latest] = None
                waiting.extend(parent for parent in self.commits[latest].parents if parent not in seen)
        return list(seen)


def read_folder(folder: Path, objects: FakeGitObjects) -> dict[str, FakeTreeEntry]:
    """The files of a folder on disk as entries; .git is left out, a link stays a link."""
    entries: dict[str, FakeTreeEntry] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name.split("/")[0] == ".git" or (path.is_dir() and not path.is_symlink()):
            continue
        if path.is_symlink():
            entries[name] = FakeTreeEntry(SYMLINK_MODE, objects.write_blob(str(path.readlink()).encode()))
        else:
            mode = EXECUTABLE_MODE if path.stat().st_mode & 0o100 else FILE_MODE
            entries[name] = FakeTreeEntry(mode, objects.write_blob(path.read_bytes()))
    return entries


def _signature(person: FakeGitPerson, when: float) -> str:
    return f"{person.name} <{person.email}> {int(when)} +0000"


def _sha(kind: str, data: bytes) -> str:
    return hashlib.sha1(f"{kind} {len(data)}\0".encode() + data, usedforsecurity=False).hexdigest()
