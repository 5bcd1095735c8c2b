"""Commits, trees, files and comparisons as JSON."""

import base64

from tests.fakes.github.json_types import Json, timestamp
from tests.fakes.github.rendering.accounts import user
from tests.fakes.github.rendering.repositories import url
from tests.fakes.github.state.diff import FakeFileChange
from tests.fakes.github.state.git import (
    FOLDER_MODE,
    SUBMODULE_MODE,
    SYMLINK_MODE,
    FakeCommit,
    FakeGitPerson,
    FakeTreeEntry,
)
from tests.fakes.github.state.github_world import GitHubWorld
from tests.fakes.github.state.repository import FakeRepository

LARGEST_INLINE = 1024 * 1024  # bytes; contents above it come without their text (documented for the contents endpoint)


def commit(world: GitHubWorld, repo: FakeRepository, sha: str) -> Json:
    """A commit as lists show it."""
    each = repo.objects.commits[sha]
    address = f"{url(world, repo)}/commits/{sha}"
    return {
        "sha": sha,
        "node_id": f"C_{sha}",
        "url": address,
        "html_url": f"{world.web_url}/{repo.full_name}/commit/{sha}",
        "commit": {
            "url": f"{url(world, repo)}/git/commits/{sha}",
            "author": _dated(each.author, each.committed_at),
            "committer": _dated(each.committer, each.committed_at),
            "message": each.message,
            "tree": {"sha": each.tree, "url": f"{url(world, repo)}/git/trees/{each.tree}"},
            "comment_count": 0,
            "verification": _verification(each),
        },
        "author": _account(world, each.author),
        "committer": _account(world, each.committer),
        "parents": [
            {
                "sha": parent,
                "url": f"{url(world, repo)}/commits/{parent}",
                "html_url": f"{world.web_url}/{repo.full_name}/commit/{parent}",
            }
            for parent in each.parents
        ],
    }


def git_commit(world: GitHubWorld, repo: FakeRepository, sha: str) -> Json:
    """A commit as the git endpoints show it."""
    whole = commit(world, repo, sha)
    inner = whole["commit"]
    return {
        "sha": sha,
        "node_id": whole["node_id"],
        "url": inner["url"],
        "html_url": whole["html_url"],
        "author": inner["author"],
        "committer": inner["committer"],
        "message": inner["message"],
        "tree": inner["tree"],
        "parents": whole["parents"],
        "verification": inner["verification"],
    }


def simple_commit(repo: FakeRepository, sha: str) -> Json:
    """A commit as check suites and runs name it."""
    each = repo.objects.commits[sha]
    return {
        "id": sha,
        "tree_id": each.tree,
        "message": each.message,
        "timestamp": timestamp(each.committed_at),
        "author": {"name": each.author.name, "email": each.author.email},
        "committer": {"name": each.committer.name, "email": each.committer.email},
    }


def change(world: GitHubWorld, repo: FakeRepository, file_change: FakeFileChange, sha: str) -> Json:
    """One changed file, as compare, commits and pulls list it."""
    whole: Json = {
        "sha": file_change.sha,
        "filename": file_change.path,
        "status": file_change.status,
        "additions": file_change.additions,
        "deletions": file_change.deletions,
        "changes": file_change.additions + file_change.deletions,
        "blob_url": f"{world.web_url}/{repo.full_name}/blob/{sha}/{file_change.path}",
        "raw_url": f"{world.web_url}/{repo.full_name}/raw/{sha}/{file_change.path}",
        "contents_url": f"{url(world, repo)}/contents/{file_change.path}?ref={sha}",
    }
    if file_change.previous is not None:
        whole["previous_filename"] = file_change.previous
    return whole if file_change.patch is None else whole | {"patch": file_change.patch}


def content(
    world: GitHubWorld, repo: FakeRepository, path: str, entry: FakeTreeEntry, ref: str, *, listed: bool = False
) -> Json:
    """One entry as the contents endpoint shows it; `listed` when it stands in its folder's list."""
    kind = {FOLDER_MODE: "dir", SYMLINK_MODE: "symlink", SUBMODULE_MODE: "submodule"}.get(entry.mode, "file")
    address = f"{url(world, repo)}/contents/{path}?ref={ref}"
    git = f"{url(world, repo)}/git/{'trees' if kind == 'dir' else 'blobs'}/{entry.sha}"
    html = f"{world.web_url}/{repo.full_name}/blob/{ref}/{path}"
    data = repo.objects.blobs.get(entry.sha, b"")
    whole: Json = {
        "type": kind,
        "size": 0 if kind == "dir" else len(data),
        "name": path.rsplit("/", 1)[-1],
        "path": path,
        "sha": entry.sha,
        "url": address,
        "git_url": git,
        "html_url": html,
        "download_url": None if kind in ("dir", "submodule") else f"{world.web_url}/{repo.full_name}/raw/{ref}/{path}",
        "_links": {"self": address, "git": git, "html": html},
    }
    if listed or kind == "submodule":
        return whole if listed else whole | {"submodule_git_url": f"{world.web_url}/{path}.git"}
    if kind == "symlink":
        return whole | {"target": data.decode(errors="replace")}
    if len(data) > LARGEST_INLINE:
        return whole | {"encoding": "none", "content": ""}
    return whole | {"encoding": "base64", "content": wrapped(data)}


def wrapped(data: bytes) -> str:
    """Base64 in lines of 60, as GitHub sends it."""
    return base64.encodebytes(data).decode() if data else ""


def tree_entry(world: GitHubWorld, repo: FakeRepository, path: str, entry: FakeTreeEntry) -> Json:
    """One entry as the trees endpoint lists it."""
    kind = {FOLDER_MODE: "tree", SUBMODULE_MODE: "commit"}.get(entry.mode, "blob")
    whole: Json = {"path": path, "mode": entry.mode, "type": kind, "sha": entry.sha}
    if kind == "blob":
        whole["size"] = len(repo.objects.blobs[entry.sha])
    if kind != "commit":
        whole["url"] = f"{url(world, repo)}/git/{kind}s/{entry.sha}"
    return whole


def _dated(person: FakeGitPerson, when: float) -> Json:
    return {"name": person.name, "email": person.email, "date": timestamp(when)}


def _account(world: GitHubWorld, person: FakeGitPerson) -> Json | None:
    found = next((each for each in world.accounts.values() if each.email == person.email), None)
    return None if found is None else user(world, found)


def _verification(item: FakeCommit) -> Json:
    if item.verified:
        return {
            "verified": True,
            "reason": "valid",
            "signature": "-----BEGIN",
            "payload": "tree",
            "verified_at": timestamp(item.committed_at),
        }
    return {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}
