"""crates.io: the sparse index (the Cargo book, "Registry Index") and the API that its openapi.json describes."""

import json

from tests.fakes.registries.registries_world import Project, Release, World
from tests.fakes.registries.registry_exchange import Question, Reply, Route, not_found, stamp

NO_AGENT = {"errors": [{"detail": "We require that all requests include a User-Agent header."}]}
MISSING = {"errors": [{"detail": "Not Found"}]}


def index(world: World, asked: Question) -> Reply:
    found = world.project("crates.io", asked.parts["name"])
    if found is None or found.name.lower() != asked.parts["name"]:
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
    return Reply(body="".join(json.dumps(row) + "\n" for row in rows).encode(), media="text/plain", validated=True)


def versions(world: World, asked: Question) -> Reply:
    found = _found(world, asked)
    if isinstance(found, Reply):
        return found
    page = found.newest_first[: int(asked.query.get("per_page", "100"))]
    total = len(found.releases)
    return Reply(
        body={"versions": [version(found, each) for each in page], "meta": {"total": total, "next_page": None}}
    )


def version(found: Project, release: Release) -> dict[str, object]:
    run, person = None, None
    if release.by is None and release.workload is not None:
        told = release.workload
        run = {"provider": "github", "repository": told.repository, "run_id": str(told.run), "sha": told.commit}
    else:
        person = {"id": 1, "login": release.by or "somebody", "name": None, "avatar": None, "url": "elsewhere"}
    return {
        "id": 1,
        "crate": found.name,
        "num": release.number,
        "created_at": stamp(release.published),
        "yanked": release.withdrawn,
        "checksum": release.files[0].digests["sha256"],
        "published_by": person,
        "trustpub_data": run,
    }


def owners(world: World, asked: Question) -> Reply:
    found = _found(world, asked)
    if isinstance(found, Reply):
        return found
    users = [{"id": 1, "login": name, "kind": "user", "name": None, "url": "elsewhere"} for name in found.maintainers]
    return Reply(body={"users": users})


def _found(world: World, asked: Question) -> Project | Reply:
    if "wharfinger/" not in asked.headers.get("user-agent", ""):
        return Reply(403, NO_AGENT)
    return world.project("crates.io", asked.parts["name"]) or not_found(MISSING)


ROUTES: tuple[Route, ...] = (
    (r"/api/v1/crates/(?P<name>[^/]+)/versions", versions),
    (r"/api/v1/crates/(?P<name>[^/]+)/owners", owners),
    (r"/(?:[12]|3/[^/]|[^/]{2}/[^/]{1,2})/(?P<name>[^/]+)", index),
)
