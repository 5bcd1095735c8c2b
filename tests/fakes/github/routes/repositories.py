"""Repositories with their branches, tags, forks and what happened to them."""

from tests.fakes.github.http_api.exchange import ApiAnswer, ApiListing, ApiRefusal, ApiRequest, Handlers
from tests.fakes.github.json_types import Json
from tests.fakes.github.rendering import code as rendering
from tests.fakes.github.rendering.repositories import full_repository, url
from tests.fakes.github.rendering.repositories import repository as rendered
from tests.fakes.github.state.repository import BRANCH_PREFIX


def get_repository(request: ApiRequest) -> ApiAnswer:
    return ApiAnswer(200, full_repository(request.world, request.repository))


def list_organization_repositories(request: ApiRequest) -> ApiListing:
    assert request.installation is not None
    shown = [
        each
        for each in request.world.repositories.values()
        if each.owner is request.organization
        and (not each.private or request.world.can_access(request.installation, each))
    ]
    return ApiListing(shown, render_item=lambda each: rendered(request.world, each))


def get_topics(request: ApiRequest) -> ApiAnswer:
    return ApiAnswer(200, {"names": list(request.repository.topics)})


def get_properties(request: ApiRequest) -> ApiAnswer:
    values = [{"property_name": name, "value": value} for name, value in request.repository.properties.items()]
    return ApiAnswer(200, values)


def list_branches(request: ApiRequest) -> ApiListing:
    wanted = request.query.get("protected")
    shown = [_branch(request, name, sha) for name, sha in request.repository.branches().items()]
    return ApiListing([each for each in shown if wanted is None or each["protected"] == (wanted == "true")])


def get_branch(request: ApiRequest) -> ApiAnswer:
    name = request.path_parameters["branch"]
    sha = request.repository.refs.get(BRANCH_PREFIX + name)
    if sha is None:
        raise ApiRefusal(404, "Branch not found")
    address = f"{url(request.world, request.repository)}/branches/{name}"
    links = {"self": address, "html": f"{request.world.web_url}/{request.repository.full_name}/tree/{name}"}
    whole = _branch(request, name, sha) | {
        "commit": rendering.commit(request.world, request.repository, sha),
        "_links": links,
    }
    return ApiAnswer(
        200, whole | {"protection": {"enabled": whole["protected"]}, "protection_url": f"{address}/protection"}
    )


def list_tags(request: ApiRequest) -> ApiListing:
    address = url(request.world, request.repository)
    return ApiListing([
        {
            "name": name, "commit": {"sha": sha, "url": f"{address}/commits/{sha}"}, "node_id": f"REF_{name}",
            "zipball_url": f"{address}/zipball/{name}", "tarball_url": f"{address}/tarball/{name}",
        }
        for name, sha in request.repository.tags().items()
    ])  # fmt: skip


def list_forks(request: ApiRequest) -> ApiListing:
    forks = [each for each in request.world.repositories.values() if each.forked_from is request.repository]
    return ApiListing([rendered(request.world, each) for each in forks])


def list_activity(request: ApiRequest) -> ApiListing:
    return ApiListing(request.repository.activity)


def _branch(request: ApiRequest, name: str, sha: str) -> Json:
    address = url(request.world, request.repository)
    protected = name in request.repository.branch_protections
    return {"name": name, "commit": {"sha": sha, "url": f"{address}/commits/{sha}"}, "protected": protected}


HANDLERS: Handlers = {
    "GET /repos/{owner}/{repo}": get_repository,
    "GET /orgs/{org}/repos": list_organization_repositories,
    "GET /repos/{owner}/{repo}/topics": get_topics,
    "GET /repos/{owner}/{repo}/properties/values": get_properties,
    "GET /repos/{owner}/{repo}/branches": list_branches,
    "GET /repos/{owner}/{repo}/branches/{branch}": get_branch,
    "GET /repos/{owner}/{repo}/tags": list_tags,
    "GET /repos/{owner}/{repo}/forks": list_forks,
    "GET /repos/{owner}/{repo}/activity": list_activity,
}
