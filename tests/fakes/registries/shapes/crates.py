"""crates.io: the sparse index (the Cargo book, "Registry Index") and the API that its openapi.json describes."""

import json

from tests.fakes.registries.registries_world import FakeProject, FakeRegistryRelease, RegistriesWorld
from tests.fakes.registries.registry_exchange import RegistryReply, RegistryRequest, Route, not_found, timestamp

NO_AGENT = {"errors": [{"detail": "We require that all requests include a User-Agent header."}]}
MISSING = {"errors": [{"detail": "Not Found"}]}


def index(world: RegistriesWorld, request: RegistryRequest) -> RegistryReply:
    found = world.project("crates.io", request.parts["name"])
    if found is None or found.name.lower() != request.parts["name"]:
        return not_found()
    rows = [
        {
            "name": found.name,
            "vers": release.number,
            "deps": [],
            "cksum": release.files[0].digests["sha256"],
            "features": {},
            "yanked": release.withdrawn,
        }
        for release in found.releases.values()
    ]
    return RegistryReply(
        body="".join(json.dumps(row) + "\n" for row in rows).encode(), media="text/plain", validated=True
    )


def versions(world: RegistriesWorld, request: RegistryRequest) -> RegistryReply:
    found = _found(world, request)
    if isinstance(found, RegistryReply):
        return found
    page = found.newest_first[: int(request.query.get("per_page", "100"))]
    total = len(found.releases)
    return RegistryReply(
        body={"versions": [version(found, each) for each in page], "meta": {"total": total, "next_page": None}}
    )


def version(project: FakeProject, release: FakeRegistryRelease) -> dict[str, object]:
    run, person = None, None
    if release.by is None and release.workload is not None:
        told = release.workload
        run = {"provider": "github", "repository": told.repository, "run_id": str(told.run), "sha": told.commit}
    else:
        person = {"id": 1, "login": release.by or "somebody", "name": None, "avatar": None, "url": "elsewhere"}
    return {
        "id": 1,
        "crate": project.name,
        "num": release.number,
        "created_at": timestamp(release.published),
        "yanked": release.withdrawn,
        "checksum": release.files[0].digests["sha256"],
        "published_by": person,
        "trustpub_data": run,
    }


def owners(world: RegistriesWorld, request: RegistryRequest) -> RegistryReply:
    found = _found(world, request)
    if isinstance(found, RegistryReply):
        return found
    users = [
        {"id": 1, "login": name, "kind": found.roles.get(name, "user"), "name": None, "url": "elsewhere"}
        for name in found.maintainers
    ]
    return RegistryReply(body={"users": users})


def crate(world: RegistriesWorld, request: RegistryRequest) -> RegistryReply:
    found = _found(world, request)
    if isinstance(found, RegistryReply):
        return found
    told = {"id": found.name, "name": found.name, "trustpub_only": found.tokens_refused}
    return RegistryReply(body={"crate": told, "versions": None, "keywords": None, "categories": None})


def _found(world: RegistriesWorld, request: RegistryRequest) -> FakeProject | RegistryReply:
    if "wharfinger/" not in request.headers.get("user-agent", ""):
        return RegistryReply(403, NO_AGENT)
    return world.project("crates.io", request.parts["name"]) or not_found(MISSING)


ROUTES: tuple[Route, ...] = (
    (r"/api/v1/crates/(?P<name>[^/]+)/versions", versions),
    (r"/api/v1/crates/(?P<name>[^/]+)/owners", owners),
    (r"/api/v1/crates/(?P<name>[^/]+)", crate),
    (r"/(?:[12]|3/[^/]|[^/]{2}/[^/]{1,2})/(?P<name>[^/]+)", index),
)
