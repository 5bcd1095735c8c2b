"""Pull requests and releases."""

from tests.fakes.github.http_api.exchange import Answer, Asked, Listing, not_found
from tests.fakes.github.http_api.words import Handlers
from tests.fakes.github.rendering import code, repositories
from tests.fakes.github.rendering import issues as rendering
from tests.fakes.github.state.diff import changes, merge_base, only_in
from tests.fakes.github.state.issues import Issue
from tests.fakes.github.state.runs import Release

MOST_FILES = 3000
MOST_COMMITS = 250


def list_pulls(asked: Asked) -> Listing:
    query = asked.query
    found = [each for each in asked.repository.issues.issues.values() if each.pull]
    if query.get("state", "open") != "all":
        found = [each for each in found if each.state == query.get("state", "open")]
    if "base" in query:
        found = [each for each in found if rendering.pull_of(each).base_ref == query["base"]]
    shown = [rendering.simple_pull(asked.world, asked.repository, each) for each in found]
    if "head" in query:
        shown = [each for each in shown if each["head"]["label"] == query["head"]]
    return Listing(shown[::-1])


def get_pull(asked: Asked) -> Answer:
    return Answer(200, rendering.full_pull(asked.world, asked.repository, _pull(asked)))


def list_files(asked: Asked) -> Listing:
    pull, objects = rendering.pull_of(_pull(asked)), asked.repository.objects
    common = merge_base(objects, pull.base_sha, pull.head_sha)
    files = changes(objects, common, pull.head_sha)[:MOST_FILES]
    return Listing([code.change(asked.world, asked.repository, each, pull.head_sha) for each in files])


def list_commits(asked: Asked) -> Listing:
    pull = rendering.pull_of(_pull(asked))
    shas = only_in(asked.repository.objects, pull.head_sha, pull.base_sha)[:MOST_COMMITS]
    return Listing([code.commit(asked.world, asked.repository, sha) for sha in shas])


def list_reviews(asked: Asked) -> Listing:
    return Listing(rendering.pull_of(_pull(asked)).reviews)


def of_commit(asked: Asked) -> Listing:
    sha = asked.commit("commit_sha")
    found = [
        each for each in asked.repository.issues.issues.values()
        if each.pull and sha in (each.pull.merge_sha, *only_in(asked.repository.objects, each.pull.head_sha, each.pull.base_sha))
    ]  # fmt: skip
    head = asked.repository.resolve("HEAD")
    if head and sha in asked.repository.objects.ancestors(head):  # then only what brought it there (docs)
        found = [each for each in found if each.pull and each.pull.merged]
    return Listing([rendering.simple_pull(asked.world, asked.repository, each) for each in found])


def list_releases(asked: Asked) -> Listing:
    return Listing([repositories.release(asked.world, asked.repository, each) for each in _published(asked)])


def get_latest(asked: Asked) -> Answer:
    for each in _published(asked):
        if not each.prerelease:
            return Answer(200, repositories.release(asked.world, asked.repository, each))
    raise not_found()


def get_by_tag(asked: Asked) -> Answer:
    for each in _published(asked):
        if each.tag == asked.parameters["tag"]:
            return Answer(200, repositories.release(asked.world, asked.repository, each))
    raise not_found()


def get_release(asked: Asked) -> Answer:
    return Answer(200, repositories.release(asked.world, asked.repository, _release(asked)))


def list_assets(asked: Asked) -> Listing:
    return Listing([repositories.asset(asked.world, asked.repository, each) for each in _release(asked).assets])


def _pull(asked: Asked) -> Issue:
    found = asked.repository.issues.issues.get(asked.number("pull_number"))
    if found is None or found.pull is None:
        raise not_found()
    return found


def _published(asked: Asked) -> list[Release]:
    """Newest first; drafts are only shown to those who may push."""
    return [each for each in reversed(asked.repository.releases.values()) if not each.draft]


def _release(asked: Asked) -> Release:
    found = asked.repository.releases.get(asked.number("release_id"))
    if found is None or found.draft:
        raise not_found()
    return found


HANDLERS: Handlers = {
    "GET /repos/{owner}/{repo}/pulls": list_pulls,
    "GET /repos/{owner}/{repo}/pulls/{pull_number}": get_pull,
    "GET /repos/{owner}/{repo}/pulls/{pull_number}/files": list_files,
    "GET /repos/{owner}/{repo}/pulls/{pull_number}/commits": list_commits,
    "GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews": list_reviews,
    "GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls": of_commit,
    "GET /repos/{owner}/{repo}/releases": list_releases,
    "GET /repos/{owner}/{repo}/releases/latest": get_latest,
    "GET /repos/{owner}/{repo}/releases/tags/{tag}": get_by_tag,
    "GET /repos/{owner}/{repo}/releases/{release_id}": get_release,
    "GET /repos/{owner}/{repo}/releases/{release_id}/assets": list_assets,
}
