"""Code: contents, trees, blobs, commits, comparisons and git's refs."""

from pathlib import PurePosixPath
from posixpath import normpath

from tests.fakes.github.http_api.exchange import Answer, Asked, Listing, Refusal, not_found
from tests.fakes.github.http_api.words import Handlers
from tests.fakes.github.json_types import Json, stamp
from tests.fakes.github.rendering import code as rendering
from tests.fakes.github.rendering.repositories import url
from tests.fakes.github.state.diff import Change, changes, merge_base, only_in
from tests.fakes.github.state.git import EXECUTABLE, FILE, FOLDER, LINK, Entry, Objects

MOST_ENTRIES = 100_000  # of a tree (docs)
MOST_FILES = 300  # of a comparison or commit, on one page
MOST_BLOB = 100 * 1024 * 1024


def get_contents(asked: Asked) -> Answer:
    repository = asked.repository
    ref = asked.query.get("ref", repository.default_branch)
    sha = repository.resolve(ref)
    if sha is None:
        raise Refusal(404, f"No commit found for the ref {ref}")
    path = asked.parameters["path"].strip("/")
    found = repository.objects.find(repository.objects.commits[sha].tree, path)
    if found is None:
        raise not_found()
    raw = "raw" in asked.headers.get("accept", "")
    if found.mode == FOLDER:
        inside = repository.objects.trees[found.sha].items()
        prefix = f"{path}/" if path else ""
        listed = [
            rendering.content(asked.world, repository, prefix + name, entry, ref, listed=True) for name, entry in inside
        ]
        if asked.version < "2026-03-10":  # until then a submodule in a list called itself a file
            listed = [each | {"type": "file"} if each["type"] == "submodule" else each for each in listed]
        return Answer(200, listed)
    if found.mode == LINK and (
        target := _target(repository.objects, repository.objects.commits[sha].tree, path, found)
    ):
        found = target
    if raw:
        return Answer(200, repository.objects.blobs[found.sha], media="application/vnd.github.raw+json; charset=utf-8")
    return Answer(200, rendering.content(asked.world, repository, path, found, ref))


def get_tree(asked: Asked) -> Answer:
    objects = asked.repository.objects
    _not_empty(asked)
    name = asked.parameters["tree_sha"]
    commit = asked.repository.resolve(name)
    sha = objects.commits[commit].tree if commit else name
    if sha not in objects.trees:
        raise not_found()
    entries = list(objects.trees[sha].items())
    if asked.query.get("recursive"):
        entries = _recursive(objects, sha, "")
    shown = [rendering.tree_entry(asked.world, asked.repository, path, entry) for path, entry in entries[:MOST_ENTRIES]]
    address = f"{url(asked.world, asked.repository)}/git/trees/{sha}"
    return Answer(200, {"sha": sha, "url": address, "tree": shown, "truncated": len(entries) > MOST_ENTRIES})


def get_blob(asked: Asked) -> Answer:
    data = asked.repository.objects.blobs.get(asked.parameters["file_sha"])
    if data is None:
        raise not_found()
    if len(data) > MOST_BLOB:
        raise Refusal(
            403,
            "The requested blob is too large to fetch via the API, but you can always clone the repository via Git.",
        )
    if "raw" in asked.headers.get("accept", ""):
        return Answer(200, data, media="application/vnd.github.raw+json; charset=utf-8")
    sha = asked.parameters["file_sha"]
    address = f"{url(asked.world, asked.repository)}/git/blobs/{sha}"
    whole = {"sha": sha, "node_id": f"B_{sha}", "size": len(data), "url": address, "encoding": "base64"}
    return Answer(200, whole | {"content": rendering.wrapped(data)})


def get_git_commit(asked: Asked) -> Answer:
    if asked.parameters["commit_sha"] not in asked.repository.objects.commits:
        raise not_found()
    return Answer(200, rendering.git_commit(asked.world, asked.repository, asked.parameters["commit_sha"]))


def get_ref(asked: Asked) -> Answer:
    name = f"refs/{asked.parameters['ref']}"
    if name not in asked.repository.refs:
        raise not_found()
    return Answer(200, _ref(asked, name))


def matching_refs(asked: Asked) -> Answer:
    wanted = f"refs/{asked.parameters['ref']}"
    return Answer(200, [_ref(asked, name) for name in sorted(asked.repository.refs) if name.startswith(wanted)])


def get_tag(asked: Asked) -> Answer:
    sha = asked.parameters["tag_sha"]
    tag = asked.repository.objects.tags.get(sha)
    if tag is None:
        raise not_found()
    address = f"{url(asked.world, asked.repository)}/git"
    return Answer(200, {
        "node_id": f"TA_{sha}", "sha": sha, "url": f"{address}/tags/{sha}", "tag": tag.name, "message": tag.message,
        "tagger": {"name": tag.tagger.name, "email": tag.tagger.email, "date": stamp(tag.when)},
        "object": {"sha": tag.commit, "type": "commit", "url": f"{address}/commits/{tag.commit}"},
    })  # fmt: skip


def list_commits(asked: Asked) -> Listing:
    repository = asked.repository
    _not_empty(asked)
    start = repository.resolve(asked.query.get("sha", repository.default_branch))
    if start is None:
        raise not_found()
    shas = repository.objects.ancestors(start)
    if "path" in asked.query:
        path = asked.query["path"]
        shas = [
            sha
            for sha in shas
            if any(each.path == path or each.path.startswith(f"{path}/") for each in _changed(asked, sha))
        ]
    return Listing([rendering.commit(asked.world, repository, sha) for sha in shas])


def get_commit(asked: Asked) -> Answer:
    sha = asked.commit("ref")
    if "sha" in asked.headers.get("accept", ""):
        return Answer(200, sha.encode(), media="application/vnd.github.sha; charset=utf-8")
    files = [rendering.change(asked.world, asked.repository, each, sha) for each in _changed(asked, sha)][:MOST_FILES]
    stats = {"additions": sum(f["additions"] for f in files), "deletions": sum(f["deletions"] for f in files)}
    whole = rendering.commit(asked.world, asked.repository, sha)
    return Answer(200, whole | {"files": files, "stats": stats | {"total": sum(stats.values())}})


def compare(asked: Asked) -> Answer:
    repository, objects = asked.repository, asked.repository.objects
    base_name, dots, head_name = asked.parameters["basehead"].partition("...")
    base, head = _side(asked, base_name), _side(asked, head_name)
    common = merge_base(objects, base, head) if base and head else None
    if not dots or base is None or head is None or common is None:
        raise not_found()
    ahead, behind = only_in(objects, head, base), only_in(objects, base, head)
    status = "diverged" if ahead and behind else "ahead" if ahead else "behind" if behind else "identical"
    page, size = int(asked.query.get("page", "1")), min(int(asked.query.get("per_page", "250")), 250)
    files = [rendering.change(asked.world, repository, each, head) for each in changes(objects, common, head)]
    return Answer(200, {
        "url": f"{url(asked.world, repository)}/compare/{asked.parameters['basehead']}",
        "html_url": f"{asked.world.web}/{repository.full_name}/compare/{asked.parameters['basehead']}",
        "permalink_url": f"{asked.world.web}/{repository.full_name}/compare/{base}...{head}",
        "diff_url": f"{asked.world.web}/{repository.full_name}/compare/{asked.parameters['basehead']}.diff",
        "patch_url": f"{asked.world.web}/{repository.full_name}/compare/{asked.parameters['basehead']}.patch",
        "base_commit": rendering.commit(asked.world, repository, base),
        "merge_base_commit": rendering.commit(asked.world, repository, common),
        "status": status, "ahead_by": len(ahead), "behind_by": len(behind), "total_commits": len(ahead),
        "commits": [rendering.commit(asked.world, repository, sha) for sha in ahead[(page - 1) * size : page * size]],
        "files": files[:MOST_FILES] if page == 1 else [],
    })  # fmt: skip


def _target(objects: Objects, tree: str, path: str, link: Entry) -> Entry | None:
    """The file that a link leads to, when it is a normal file of the repository: then that is what is shown (docs)."""
    folder = PurePosixPath("/", path).parent
    place = normpath(str(folder / objects.blobs[link.sha].decode(errors="replace"))).lstrip("/")
    found = objects.find(tree, place)
    return found if found and found.mode in (FILE, EXECUTABLE) else None


def _not_empty(asked: Asked) -> None:
    if not asked.repository.refs:
        raise Refusal(409, "Git Repository is empty.")


def _recursive(objects: Objects, tree: str, prefix: str) -> list[tuple[str, Entry]]:
    """Every path below a tree, folders included, each before what is in it."""
    found: list[tuple[str, Entry]] = []
    for name, entry in objects.trees[tree].items():
        found.append((prefix + name, entry))
        if entry.mode == FOLDER:
            found += _recursive(objects, entry.sha, f"{prefix}{name}/")
    return found


def _changed(asked: Asked, sha: str) -> list[Change]:
    parents = asked.repository.objects.commits[sha].parents
    return changes(asked.repository.objects, parents[0] if parents else None, sha)


def _side(asked: Asked, name: str) -> str | None:
    """One side of a comparison: a ref here, or owner:ref of a fork."""
    owner, colon, ref = name.partition(":")
    if not colon:
        return asked.repository.resolve(name)
    fork = next(
        (
            r
            for r in asked.world.repositories.values()
            if r.owner.login == owner and r.objects is asked.repository.objects
        ),
        None,
    )
    return fork.resolve(ref) if fork else None


def _ref(asked: Asked, name: str) -> Json:
    sha = asked.repository.refs[name]
    kind = "tag" if sha in asked.repository.objects.tags else "commit"
    address = f"{url(asked.world, asked.repository)}/git"
    whole = {"ref": name, "node_id": f"REF_{name}", "url": f"{address}/{name}"}
    return whole | {"object": {"sha": sha, "type": kind, "url": f"{address}/{kind}s/{sha}"}}


HANDLERS: Handlers = {
    "GET /repos/{owner}/{repo}/contents/{path}": get_contents,
    "GET /repos/{owner}/{repo}/git/trees/{tree_sha}": get_tree,
    "GET /repos/{owner}/{repo}/git/blobs/{file_sha}": get_blob,
    "GET /repos/{owner}/{repo}/git/commits/{commit_sha}": get_git_commit,
    "GET /repos/{owner}/{repo}/git/ref/{ref}": get_ref,
    "GET /repos/{owner}/{repo}/git/matching-refs/{ref}": matching_refs,
    "GET /repos/{owner}/{repo}/git/tags/{tag_sha}": get_tag,
    "GET /repos/{owner}/{repo}/commits": list_commits,
    "GET /repos/{owner}/{repo}/commits/{ref}": get_commit,
    "GET /repos/{owner}/{repo}/compare/{basehead}": compare,
}
