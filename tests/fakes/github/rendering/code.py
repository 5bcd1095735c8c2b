"""Commits, trees, files and comparisons as JSON."""

import base64

from tests.fakes.github.json_types import Json, stamp
from tests.fakes.github.rendering.accounts import user
from tests.fakes.github.rendering.repositories import url
from tests.fakes.github.state.diff import Change
from tests.fakes.github.state.git import FOLDER, LINK, SUBMODULE, Commit, Entry, Person
from tests.fakes.github.state.github_world import World
from tests.fakes.github.state.repository import Repository

LARGEST_INLINE = 1024 * 1024  # bytes; contents above it come without their text (documented for the contents endpoint)


def commit(world: World, shown: Repository, sha: str) -> Json:
    """A commit as lists show it."""
    each = shown.objects.commits[sha]
    address = f"{url(world, shown)}/commits/{sha}"
    return {
        "sha": sha,
        "node_id": f"C_{sha}",
        "url": address,
        "html_url": f"{world.web}/{shown.full_name}/commit/{sha}",
        "commit": {
            "url": f"{url(world, shown)}/git/commits/{sha}",
            "author": _dated(each.author, each.when),
            "committer": _dated(each.committer, each.when),
            "message": each.message,
            "tree": {"sha": each.tree, "url": f"{url(world, shown)}/git/trees/{each.tree}"},
            "comment_count": 0,
            "verification": _verification(each),
        },
        "author": _account(world, each.author),
        "committer": _account(world, each.committer),
        "parents": [
            {
                "sha": parent,
                "url": f"{url(world, shown)}/commits/{parent}",
                "html_url": f"{world.web}/{shown.full_name}/commit/{parent}",
            }
            for parent in each.parents
        ],
    }


def git_commit(world: World, shown: Repository, sha: str) -> Json:
    """A commit as the git endpoints show it."""
    whole = commit(world, shown, sha)
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


def simple_commit(shown: Repository, sha: str) -> Json:
    """A commit as check suites and runs name it."""
    each = shown.objects.commits[sha]
    return {
        "id": sha,
        "tree_id": each.tree,
        "message": each.message,
        "timestamp": stamp(each.when),
        "author": {"name": each.author.name, "email": each.author.email},
        "committer": {"name": each.committer.name, "email": each.committer.email},
    }


def change(world: World, shown: Repository, each: Change, sha: str) -> Json:
    """One changed file, as compare, commits and pulls list it."""
    whole: Json = {
        "sha": each.sha,
        "filename": each.path,
        "status": each.status,
        "additions": each.additions,
        "deletions": each.deletions,
        "changes": each.additions + each.deletions,
        "blob_url": f"{world.web}/{shown.full_name}/blob/{sha}/{each.path}",
        "raw_url": f"{world.web}/{shown.full_name}/raw/{sha}/{each.path}",
        "contents_url": f"{url(world, shown)}/contents/{each.path}?ref={sha}",
    }
    if each.previous is not None:
        whole["previous_filename"] = each.previous
    return whole if each.patch is None else whole | {"patch": each.patch}


def content(world: World, shown: Repository, path: str, entry: Entry, ref: str, *, listed: bool = False) -> Json:
    """One entry as the contents endpoint shows it; `listed` when it stands in its folder's list."""
    kind = {FOLDER: "dir", LINK: "symlink", SUBMODULE: "submodule"}.get(entry.mode, "file")
    address = f"{url(world, shown)}/contents/{path}?ref={ref}"
    git = f"{url(world, shown)}/git/{'trees' if kind == 'dir' else 'blobs'}/{entry.sha}"
    html = f"{world.web}/{shown.full_name}/blob/{ref}/{path}"
    data = shown.objects.blobs.get(entry.sha, b"")
    whole: Json = {
        "type": kind,
        "size": 0 if kind == "dir" else len(data),
        "name": path.rsplit("/", 1)[-1],
        "path": path,
        "sha": entry.sha,
        "url": address,
        "git_url": git,
        "html_url": html,
        "download_url": None if kind in ("dir", "submodule") else f"{world.web}/{shown.full_name}/raw/{ref}/{path}",
        "_links": {"self": address, "git": git, "html": html},
    }
    if listed or kind == "submodule":
        return whole if listed else whole | {"submodule_git_url": f"{world.web}/{path}.git"}
    if kind == "symlink":
        return whole | {"target": data.decode(errors="replace")}
    if len(data) > LARGEST_INLINE:
        return whole | {"encoding": "none", "content": ""}
    return whole | {"encoding": "base64", "content": wrapped(data)}


def wrapped(data: bytes) -> str:
    """Base64 in lines of 60, as GitHub sends it."""
    return base64.encodebytes(data).decode() if data else ""


def tree_entry(world: World, shown: Repository, path: str, entry: Entry) -> Json:
    """One entry as the trees endpoint lists it."""
    kind = {FOLDER: "tree", SUBMODULE: "commit"}.get(entry.mode, "blob")
    whole: Json = {"path": path, "mode": entry.mode, "type": kind, "sha": entry.sha}
    if kind == "blob":
        whole["size"] = len(shown.objects.blobs[entry.sha])
    if kind != "commit":
        whole["url"] = f"{url(world, shown)}/git/{kind}s/{entry.sha}"
    return whole


def _dated(person: Person, when: float) -> Json:
    return {"name": person.name, "email": person.email, "date": stamp(when)}


def _account(world: World, person: Person) -> Json | None:
    found = next((each for each in world.accounts.values() if each.email == person.email), None)
    return None if found is None else user(world, found)


def _verification(each: Commit) -> Json:
    if each.verified:
        return {
            "verified": True,
            "reason": "valid",
            "signature": "-----BEGIN",
            "payload": "tree",
            "verified_at": stamp(each.when),
        }
    return {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}
