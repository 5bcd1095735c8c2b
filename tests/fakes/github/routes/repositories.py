"""Repositories with their branches, tags, forks and what happened to them."""

from tests.fakes.github.http_api.exchange import Answer, Asked, Listing, Refusal
from tests.fakes.github.http_api.words import Handlers
from tests.fakes.github.json_types import Json
from tests.fakes.github.rendering import code as rendering
from tests.fakes.github.rendering.repositories import full_repository, url
from tests.fakes.github.rendering.repositories import repository as rendered
from tests.fakes.github.state.repository import HEADS


def get_repository(asked: Asked) -> Answer:
    return Answer(200, full_repository(asked.world, asked.repository))


def list_of_organisation(asked: Asked) -> Listing:
    assert asked.installation is not None
    shown = [
        each
        for each in asked.world.repositories.values()
        if each.owner is asked.organisation and (not each.private or asked.world.reaches(asked.installation, each))
    ]
    return Listing(shown, show=lambda each: rendered(asked.world, each))


def get_topics(asked: Asked) -> Answer:
    return Answer(200, {"names": list(asked.repository.topics)})


def get_properties(asked: Asked) -> Answer:
    values = [{"property_name": name, "value": value} for name, value in asked.repository.properties.items()]
    return Answer(200, values)


def list_branches(asked: Asked) -> Listing:
    wanted = asked.query.get("protected")
    shown = [_branch(asked, name, sha) for name, sha in asked.repository.branches().items()]
    return Listing([each for each in shown if wanted is None or each["protected"] == (wanted == "true")])


def get_branch(asked: Asked) -> Answer:
    name = asked.parameters["branch"]
    sha = asked.repository.refs.get(HEADS + name)
    if sha is None:
        raise Refusal(404, "Branch not found")
    address = f"{url(asked.world, asked.repository)}/branches/{name}"
    links = {"self": address, "html": f"{asked.world.web}/{asked.repository.full_name}/tree/{name}"}
    whole = _branch(asked, name, sha) | {
        "commit": rendering.commit(asked.world, asked.repository, sha),
        "_links": links,
    }
    return Answer(
        200, whole | {"protection": {"enabled": whole["protected"]}, "protection_url": f"{address}/protection"}
    )


def list_tags(asked: Asked) -> Listing:
    address = url(asked.world, asked.repository)
    return Listing([
        {
            "name": name, "commit": {"sha": sha, "url": f"{address}/commits/{sha}"}, "node_id": f"REF_{name}",
            "zipball_url": f"{address}/zipball/{name}", "tarball_url": f"{address}/tarball/{name}",
        }
        for name, sha in asked.repository.tags().items()
    ])  # fmt: skip


def list_forks(asked: Asked) -> Listing:
    forks = [each for each in asked.world.repositories.values() if each.parent is asked.repository]
    return Listing([rendered(asked.world, each) for each in forks])


def list_activity(asked: Asked) -> Listing:
    return Listing(asked.repository.activity)


def _branch(asked: Asked, name: str, sha: str) -> Json:
    address = url(asked.world, asked.repository)
    protected = name in asked.repository.protections
    return {"name": name, "commit": {"sha": sha, "url": f"{address}/commits/{sha}"}, "protected": protected}


HANDLERS: Handlers = {
    "GET /repos/{owner}/{repo}": get_repository,
    "GET /orgs/{org}/repos": list_of_organisation,
    "GET /repos/{owner}/{repo}/topics": get_topics,
    "GET /repos/{owner}/{repo}/properties/values": get_properties,
    "GET /repos/{owner}/{repo}/branches": list_branches,
    "GET /repos/{owner}/{repo}/branches/{branch}": get_branch,
    "GET /repos/{owner}/{repo}/tags": list_tags,
    "GET /repos/{owner}/{repo}/forks": list_forks,
    "GET /repos/{owner}/{repo}/activity": list_activity,
}
