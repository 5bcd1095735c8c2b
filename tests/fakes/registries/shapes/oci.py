"""GHCR: tags and manifests by the OCI distribution specification, behind the token that everybody gets."""

import re

from tests.fakes.registries.registries_world import World
from tests.fakes.registries.registry_exchange import Question, Reply, Route, not_found

AT_ONCE = 100  # tags, however many are asked for: the specification lets a registry give fewer, with a link to the next
UNAUTHORIZED = {"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]}
UNKNOWN = {"errors": [{"code": "NAME_UNKNOWN", "message": "repository name not known to registry"}]}
DENIED = {"errors": [{"code": "DENIED", "message": "requested access to the resource is denied"}]}


def token(world: World, asked: Question) -> Reply:
    scope = re.fullmatch(r"repository:(?P<name>[^:]+):pull", asked.query.get("scope", ""))
    if scope is None or not asked.query.get("service") or world.project(asked.registry, scope["name"]) is None:
        return Reply(403, DENIED)
    return Reply(body={"token": f"everybody-{scope['name']}"})


def tags(world: World, asked: Question) -> Reply:
    if refused := _refused(asked, asked.parts["name"]):
        return refused
    found = world.project(asked.registry, asked.parts["name"])
    if found is None:
        return not_found(UNKNOWN)
    names = [name for name in sorted(found.releases) if name > asked.query.get("last", "")]
    most = min(int(asked.query.get("n", "100")), AT_ONCE)
    more = {"link": '</v2/elsewhere/tags/list?last=x&n=0>; rel="next"'} if len(names) > most else {}
    return Reply(body={"name": asked.parts["name"], "tags": names[:most]}, headers=more)


def manifest(world: World, asked: Question) -> Reply:
    if refused := _refused(asked, asked.parts["name"]):
        return refused
    found = world.project(asked.registry, asked.parts["name"])
    release = found.releases.get(asked.parts["tag"]) if found else None
    if release is None:
        return not_found(UNKNOWN)
    digest = release.files[0].digests["sha256"]
    return Reply(body={"schemaVersion": 2}, headers={"docker-content-digest": f"sha256:{digest}"})


def _refused(asked: Question, name: str) -> Reply | None:
    if asked.headers.get("authorization") == f"Bearer everybody-{name}":
        return None
    challenge = 'Bearer realm="https://elsewhere.invalid/token",service="elsewhere",scope="repository:user/image:pull"'
    return Reply(401, UNAUTHORIZED, {"www-authenticate": challenge})


ROUTES: tuple[Route, ...] = (
    (r"/token", token),
    (r"/v2/(?P<name>.+)/tags/list", tags),
    (r"/v2/(?P<name>.+)/manifests/(?P<tag>[^/]+)", manifest),
)
