"""Code: contents, trees, blobs, commits, comparisons and git's refs."""

from pathlib import PurePosixPath
from posixpath import normpath

from tests.fakes.github.http_api.exchange import ApiAnswer, ApiListing, ApiRefusal, ApiRequest, Handlers, not_found
from tests.fakes.github.json_types import Json, timestamp
from tests.fakes.github.rendering import code as rendering
from tests.fakes.github.rendering.repositories import url
from tests.fakes.github.state.diff import FakeFileChange, changed_files, commits_only_in, merge_base
from tests.fakes.github.state.git import (
    EXECUTABLE_MODE,
    FILE_MODE,
    FOLDER_MODE,
    SYMLINK_MODE,
    FakeGitObjects,
    FakeTreeEntry,
)

MAX_ENTRIES = 100_000  # of a tree (docs)
MAX_FILES = 300  # of a comparison or commit, on one page
MAX_BLOB_BYTES = 100 * 1024 * 1024


def get_contents(request: ApiRequest) -> ApiAnswer:
    repository = request.repository
    ref = request.query.get("ref", repository.default_branch)
    sha = repository.resolve(ref)
    if sha is None:
        raise ApiRefusal(404, f"No commit found for the ref {ref}")
    path = request.path_parameters["path"].strip("/")
    found = repository.objects.find(repository.objects.commits[sha].tree, path)
    if found is None:
        raise not_found()
    raw = "raw" in request.headers.get("accept", "")
    if found.mode == FOLDER_MODE:
        inside = repository.objects.trees[found.sha].items()
        prefix = f"{path}/" if path else ""
        listed = [
            rendering.content(request.world, repository, prefix + name, entry, ref, listed=True)
            for name, entry in inside
        ]
        if request.version < "2026-03-10":  # until then a submodule in a list called itself a file
            listed = [each | {"type": "file"} if each["type"] == "submodule" else each for each in listed]
        return ApiAnswer(200, listed)
    if found.mode == SYMLINK_MODE and (
        target := _target(repository.objects, repository.objects.commits[sha].tree, path, found)
    ):
        found = target
    if raw:
        return ApiAnswer(
            200, repository.objects.blobs[found.sha], media="application/vnd.github.raw+json; charset=utf-8"
        )
    return ApiAnswer(200, rendering.content(request.world, repository, path, found, ref))


def get_tree(request: ApiRequest) -> ApiAnswer:
    objects = request.repository.objects
    _not_empty(request)
    name = request.path_parameters["tree_sha"]
    commit = request.repository.resolve(name)
    sha = objects.commits[commit].tree if commit else name
    if sha not in objects.trees:
        raise not_found()
    entries = list(objects.trees[sha].items())
    if request.query.get("recursive"):
        entries = _recursive(objects, sha, "")
    shown = [
        rendering.tree_entry(request.world, request.repository, path, entry) for path, entry in entries[:MAX_ENTRIES]
    ]
    address = f"{url(request.world, request.repository)}/git/trees/{sha}"
    return ApiAnswer(200, {"sha": sha, "url": address, "tree": shown, "truncated": len(entries) > MAX_ENTRIES})


def get_blob(request: ApiRequest) -> ApiAnswer:
    data = request.repository.objects.blobs.get(request.path_parameters["file_sha"])
    if data is None:
        raise not_found()
    if len(data) > MAX_BLOB_BYTES:
        raise ApiRefusal(
            403,
            "The requested blob is too large to fetch via the API, but you can always clone the repository via Git.",
        )
    if "raw" in request.headers.get("accept", ""):
        return ApiAnswer(200, data, media="application/vnd.github.raw+json; charset=utf-8")
    sha = request.path_parameters["file_sha"]
    address = f"{url(request.world, request.repository)}/git/blobs/{sha}"
    whole = {"sha": sha, "node_id": f"B_{sha}", "size": len(data), "url": address, "encoding": "base64"}
    return ApiAnswer(200, whole | {"content": rendering.wrapped(data)})


def get_git_commit(request: ApiRequest) -> ApiAnswer:
    if request.path_parameters["commit_sha"] not in request.repository.objects.commits:
        raise not_found()
    return ApiAnswer(
        200, rendering.git_commit(request.world, request.repository, request.path_parameters["commit_sha"])
    )


def get_ref(request: ApiRequest) -> ApiAnswer:
    name = f"refs/{request.path_parameters['ref']}"
    if name not in request.repository.refs:
        raise not_found()
    return ApiAnswer(200, _ref(request, name))


def matching_refs(request: ApiRequest) -> ApiAnswer:
    wanted = f"refs/{request.path_parameters['ref']}"
    return ApiAnswer(200, [_ref(request, name) for name in sorted(request.repository.refs) if name.startswith(wanted)])


def get_tag(request: ApiRequest) -> ApiAnswer:
    sha = request.path_parameters["tag_sha"]
    tag = request.repository.objects.tags.get(sha)
    if tag is None:
        raise not_found()
    address = f"{url(request.world, request.repository)}/git"
    return ApiAnswer(200, {
        "node_id": f"TA_{sha}", "sha": sha, "url": f"{address}/tags/{sha}", "tag": tag.name, "message": tag.message,
        "tagger": {"name": tag.tagger.name, "email": tag.tagger.email, "date": timestamp(tag.tagged_at)},
        "object": {"sha": tag.commit, "type": "commit", "url": f"{address}/commits/{tag.commit}"},
    })  # fmt: skip


def list_commits(request: ApiRequest) -> ApiListing:
    repository = request.repository
    _not_empty(request)
    start = repository.resolve(request.query.get("sha", repository.default_branch))
    if start is None:
        raise not_found()
    shas = repository.objects.ancestors(start)
    if "path" in request.query:
        path = request.query["path"]
        shas = [
            sha
            for sha in shas
            if any(each.path == path or each.path.startswith(f"{path}/") for each in _changed(request, sha))
        ]
    return ApiListing([rendering.commit(request.world, repository, sha) for sha in shas])


def get_commit(request: ApiRequest) -> ApiAnswer:
    sha = request.commit("ref")
    if "sha" in request.headers.get("accept", ""):
        return ApiAnswer(200, sha.encode(), media="application/vnd.github.sha; charset=utf-8")
    files = [rendering.change(request.world, request.repository, each, sha) for each in _changed(request, sha)][
        :MAX_FILES
    ]
    stats = {"additions": sum(f["additions"] for f in files), "deletions": sum(f["deletions"] for f in files)}
    whole = rendering.commit(request.world, request.repository, sha)
    return ApiAnswer(200, whole | {"files": files, "stats": stats | {"total": sum(stats.values())}})


def compare(request: ApiRequest) -> ApiAnswer:
    repository, objects = request.repository, request.repository.objects
    base_name, dots, head_name = request.path_parameters["basehead"].partition("...")
    base, head = _side(request, base_name), _side(request, head_name)
    common = merge_base(objects, base, head) if base and head else None
    if not dots or base is None or head is None or common is None:
        raise not_found()
    ahead, behind = commits_only_in(objects, head, base), commits_only_in(objects, base, head)
    status = "diverged" if ahead and behind else "ahead" if ahead else "behind" if behind else "identical"
    page, size = int(request.query.get("page", "1")), min(int(request.query.get("per_page", "250")), 250)
    files = [rendering.change(request.world, repository, each, head) for each in changed_files(objects, common, head)]
    return ApiAnswer(200, {
        "url": f"{url(request.world, repository)}/compare/{request.path_parameters['basehead']}",
        "html_url": f"{request.world.web_url}/{repository.full_name}/compare/{request.path_parameters['basehead']}",
        "permalink_url": f"{request.world.web_url}/{repository.full_name}/compare/{base}...{head}",
        "diff_url": f"{request.world.web_url}/{repository.full_name}/compare/{request.path_parameters['basehead']}.diff",
        "patch_url": f"{request.world.web_url}/{repository.full_name}/compare/{request.path_parameters['basehead']}.patch",
        "base_commit": rendering.commit(request.world, repository, base),
        "merge_base_commit": rendering.commit(request.world, repository, common),
        "status": status, "ahead_by": len(ahead), "behind_by": len(behind), "total_commits": len(ahead),
        "commits": [rendering.commit(request.world, repository, sha) for sha in ahead[(page - 1) * size : page * size]],
        "files": files[:MAX_FILES] if page == 1 else [],
    })  # fmt: skip


def _target(objects: FakeGitObjects, tree: str, path: str, link: FakeTreeEntry) -> FakeTreeEntry | None:
    """The file that a link leads to, when it is a normal file of the repository: then that is what is shown (docs)."""
    folder = PurePosixPath("/", path).parent
    place = normpath(str(folder / objects.blobs[link.sha].decode(errors="replace"))).lstrip("/")
    found = objects.find(tree, place)
    return found if found and found.mode in (FILE_MODE, EXECUTABLE_MODE) else None


def _not_empty(request: ApiRequest) -> None:
    if not request.repository.refs:
        raise ApiRefusal(409, "Git Repository is empty.")


def _recursive(objects: FakeGitObjects, tree: str, prefix: str) -> list[tuple[str, FakeTreeEntry]]:
    """Every path below a tree, folders included, each before what is in it."""
    found: list[tuple[str, FakeTreeEntry]] = []
    for name, entry in objects.trees[tree].items():
        found.append((prefix + name, entry))
        if entry.mode == FOLDER_MODE:
            found += _recursive(objects, entry.sha, f"{prefix}{name}/")
    return found


def _changed(request: ApiRequest, sha: str) -> list[FakeFileChange]:
    parents = request.repository.objects.commits[sha].parents
    return changed_files(request.repository.objects, parents[0] if parents else None, sha)


def _side(request: ApiRequest, name: str) -> str | None:
    """One side of a comparison: a ref here, or owner:ref of a fork."""
    owner, colon, ref = name.partition(":")
    if not colon:
        return request.repository.resolve(name)
    fork = next(
        (
            r
            for r in request.world.repositories.values()
            if r.owner.login == owner and r.objects is request.repository.objects
        ),
        None,
    )
    return fork.resolve(ref) if fork else None


def _ref(request: ApiRequest, name: str) -> Json:
    sha = request.repository.refs[name]
    kind = "tag" if sha in request.repository.objects.tags else "commit"
    address = f"{url(request.world, request.repository)}/git"
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
