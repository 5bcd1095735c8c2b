"""Pull requests and releases."""

from tests.fakes.github.http_api.exchange import ApiAnswer, ApiListing, ApiRequest, Handlers, not_found
from tests.fakes.github.rendering import code, repositories
from tests.fakes.github.rendering import issues as rendering
from tests.fakes.github.state.diff import changed_files, commits_only_in, merge_base
from tests.fakes.github.state.issues import FakeIssue
from tests.fakes.github.state.runs import FakeRelease

MAX_FILES = 3000
MAX_COMMITS = 250


def list_pulls(request: ApiRequest) -> ApiListing:
    query = request.query
    found = [each for each in request.repository.issues.issues.values() if each.pull]
    if query.get("state", "open") != "all":
        found = [each for each in found if each.state == query.get("state", "open")]
    if "base" in query:
        found = [each for each in found if rendering.pull_of(each).base_ref == query["base"]]
    shown = [rendering.simple_pull(request.world, request.repository, each) for each in found]
    if "head" in query:
        shown = [each for each in shown if each["head"]["label"] == query["head"]]
    return ApiListing(shown[::-1])


def get_pull(request: ApiRequest) -> ApiAnswer:
    return ApiAnswer(200, rendering.full_pull(request.world, request.repository, _pull(request)))


def list_files(request: ApiRequest) -> ApiListing:
    pull, objects = rendering.pull_of(_pull(request)), request.repository.objects
    common = merge_base(objects, pull.base_sha, pull.head_sha)
    files = changed_files(objects, common, pull.head_sha)[:MAX_FILES]
    return ApiListing([code.change(request.world, request.repository, each, pull.head_sha) for each in files])


def list_commits(request: ApiRequest) -> ApiListing:
    pull = rendering.pull_of(_pull(request))
    shas = commits_only_in(request.repository.objects, pull.head_sha, pull.base_sha)[:MAX_COMMITS]
    return ApiListing([code.commit(request.world, request.repository, sha) for sha in shas])


def list_reviews(request: ApiRequest) -> ApiListing:
    return ApiListing(rendering.pull_of(_pull(request)).reviews)


def list_pulls_of_commit(request: ApiRequest) -> ApiListing:
    sha = request.commit("commit_sha")
    found = [
        each for each in request.repository.issues.issues.values()
        if each.pull and sha in (each.pull.merge_sha, *commits_only_in(request.repository.objects, each.pull.head_sha, each.pull.base_sha))
    ]  # fmt: skip
    head = request.repository.resolve("HEAD")
    if head and sha in request.repository.objects.ancestors(head):  # then only what brought it there (docs)
        found = [each for each in found if each.pull and each.pull.merged]
    return ApiListing([rendering.simple_pull(request.world, request.repository, each) for each in found])


def list_releases(request: ApiRequest) -> ApiListing:
    return ApiListing([repositories.release(request.world, request.repository, each) for each in _published(request)])


def get_latest_release(request: ApiRequest) -> ApiAnswer:
    for each in _published(request):
        if not each.prerelease:
            return ApiAnswer(200, repositories.release(request.world, request.repository, each))
    raise not_found()


def get_release_by_tag(request: ApiRequest) -> ApiAnswer:
    for each in _published(request):
        if each.tag == request.path_parameters["tag"]:
            return ApiAnswer(200, repositories.release(request.world, request.repository, each))
    raise not_found()


def get_release(request: ApiRequest) -> ApiAnswer:
    return ApiAnswer(200, repositories.release(request.world, request.repository, _release(request)))


def list_assets(request: ApiRequest) -> ApiListing:
    return ApiListing(
        [repositories.asset(request.world, request.repository, each) for each in _release(request).assets]
    )


def _pull(request: ApiRequest) -> FakeIssue:
    found = request.repository.issues.issues.get(request.number("pull_number"))
    if found is None or found.pull is None:
        raise not_found()
    return found


def _published(request: ApiRequest) -> list[FakeRelease]:
    """Newest first; drafts are only shown to those who may push."""
    return [each for each in reversed(request.repository.releases.values()) if not each.draft]


def _release(request: ApiRequest) -> FakeRelease:
    found = request.repository.releases.get(request.number("release_id"))
    if found is None or found.draft:
        raise not_found()
    return found


HANDLERS: Handlers = {
    "GET /repos/{owner}/{repo}/pulls": list_pulls,
    "GET /repos/{owner}/{repo}/pulls/{pull_number}": get_pull,
    "GET /repos/{owner}/{repo}/pulls/{pull_number}/files": list_files,
    "GET /repos/{owner}/{repo}/pulls/{pull_number}/commits": list_commits,
    "GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews": list_reviews,
    "GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls": list_pulls_of_commit,
    "GET /repos/{owner}/{repo}/releases": list_releases,
    "GET /repos/{owner}/{repo}/releases/latest": get_latest_release,
    "GET /repos/{owner}/{repo}/releases/tags/{tag}": get_release_by_tag,
    "GET /repos/{owner}/{repo}/releases/{release_id}": get_release,
    "GET /repos/{owner}/{repo}/releases/{release_id}/assets": list_assets,
}
