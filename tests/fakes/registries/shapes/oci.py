"""GHCR: tags and manifests by the OCI distribution specification, behind the token that everybody gets."""

import re

from tests.fakes.registries.registries_world import RegistriesWorld
from tests.fakes.registries.registry_exchange import RegistryReply, RegistryRequest, Route, not_found

TAGS_PER_PAGE = (
    100  # tags, however many are asked for: the specification lets a registry give fewer, with a link to the next
)
UNAUTHORIZED = {"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]}
UNKNOWN = {"errors": [{"code": "NAME_UNKNOWN", "message": "repository name not known to registry"}]}
DENIED = {"errors": [{"code": "DENIED", "message": "requested access to the resource is denied"}]}


def token(world: RegistriesWorld, request: RegistryRequest) -> RegistryReply:
    scope = re.fullmatch(r"repository:(?P<name>[^:]+):pull", request.query.get("scope", ""))
    if scope is None or not request.query.get("service") or world.project(request.registry, scope["name"]) is None:
        return RegistryReply(403, DENIED)
    return RegistryReply(body={"token": f"everybody-{scope['name']}"})


def tags(world: RegistriesWorld, request: RegistryRequest) -> RegistryReply:
    if refused := _refused(request, request.parts["name"]):
        return refused
    found = world.project(request.registry, request.parts["name"])
    if found is None:
        return not_found(UNKNOWN)
    names = [name for name in sorted(found.releases) if name > request.query.get("last", "")]
    most = min(int(request.query.get("n", "100")), TAGS_PER_PAGE)
    more = {"link": '</v2/elsewhere/tags/list?last=x&n=0>; rel="next"'} if len(names) > most else {}
    return RegistryReply(body={"name": request.parts["name"], "tags": names[:most]}, headers=more)


def manifest(world: RegistriesWorld, request: RegistryRequest) -> RegistryReply:
    if refused := _refused(request, request.parts["name"]):
        return refused
    found = world.project(request.registry, request.parts["name"])
    release = found.releases.get(request.parts["tag"]) if found else None
    if release is None:
        return not_found(UNKNOWN)
    digest = release.files[0].digests["sha256"]
    return RegistryReply(body={"schemaVersion": 2}, headers={"docker-content-digest": f"sha256:{digest}"})


def _refused(request: RegistryRequest, name: str) -> RegistryReply | None:
    if request.headers.get("authorization") == f"Bearer everybody-{name}":
        return None
    challenge = 'Bearer realm="https://elsewhere.invalid/token",service="elsewhere",scope="repository:user/image:pull"'
    return RegistryReply(401, UNAUTHORIZED, {"www-authenticate": challenge})


ROUTES: tuple[Route, ...] = (
    (r"/token", token),
    (r"/v2/(?P<name>.+)/tags/list", tags),
    (r"/v2/(?P<name>.+)/manifests/(?P<tag>[^/]+)", manifest),
)
