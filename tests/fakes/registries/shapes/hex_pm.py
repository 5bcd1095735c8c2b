"""Hex: a package with its releases and owners, and a release with its publisher (github.com/hexpm/specifications)."""

from tests.fakes.registries.registries_world import World
from tests.fakes.registries.registry_exchange import Question, Reply, Route, not_found, stamp

MISSING = {"status": 404, "message": "Page not found"}


def package(world: World, asked: Question) -> Reply:
    found = world.project("hex", asked.parts["name"])
    if found is None:
        return not_found(MISSING)
    body = {
        "name": found.name,
        "inserted_at": stamp(found.changed),
        "owners": [{"username": name, "email": None, "url": "elsewhere"} for name in found.maintainers],
        "releases": [
            {"version": each.number, "inserted_at": stamp(each.published), "has_docs": True, "url": "elsewhere"}
            for each in found.newest_first
        ],
        "retirements": {
            each.number: {"reason": "security", "message": None} for each in found.releases.values() if each.withdrawn
        },
    }
    return Reply(body=body, validated=True)


def release(world: World, asked: Question) -> Reply:
    found = world.project("hex", asked.parts["name"])
    told = found.releases.get(asked.parts["number"]) if found else None
    if told is None:
        return not_found(MISSING)
    publisher = {"username": told.by or "somebody", "email": None, "url": "elsewhere"}
    body = {
        "version": told.number,
        "checksum": told.files[0].digests["sha256"].upper(),
        "inserted_at": stamp(told.published),
        "publisher": publisher,
        "retirement": None,
    }
    return Reply(body=body, validated=True)


ROUTES: tuple[Route, ...] = (
    (r"/api/packages/(?P<name>[^/]+)", package),
    (r"/api/packages/(?P<name>[^/]+)/releases/(?P<number>[^/]+)", release),
)
