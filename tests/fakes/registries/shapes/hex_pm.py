"""Hex: a package with its releases and owners, and a release with its publisher (github.com/hexpm/specifications)."""

from tests.fakes.registries.registries_world import RegistriesWorld
from tests.fakes.registries.registry_exchange import RegistryReply, RegistryRequest, Route, not_found, timestamp

MISSING = {"status": 404, "message": "Page not found"}


def package(world: RegistriesWorld, request: RegistryRequest) -> RegistryReply:
    found = world.project("hex", request.parts["name"])
    if found is None:
        return not_found(MISSING)
    body = {
        "name": found.name,
        "inserted_at": timestamp(found.changed_at),
        "owners": [
            {"username": name, "email": None, "url": "elsewhere", "level": found.roles.get(name, "full")}
            for name in found.maintainers
        ],
        "releases": [
            {"version": each.number, "inserted_at": timestamp(each.published), "has_docs": True, "url": "elsewhere"}
            for each in found.newest_first
        ],
        "retirements": {
            each.number: {"reason": "security", "message": None} for each in found.releases.values() if each.withdrawn
        },
    }
    return RegistryReply(body=body, validated=True)


def release(world: RegistriesWorld, request: RegistryRequest) -> RegistryReply:
    found = world.project("hex", request.parts["name"])
    told = found.releases.get(request.parts["number"]) if found else None
    if told is None:
        return not_found(MISSING)
    publisher = {"username": told.by or "somebody", "email": None, "url": "elsewhere"}
    body = {
        "version": told.number,
        "checksum": told.files[0].digests["sha256"].upper(),
        "inserted_at": timestamp(told.published),
        "publisher": publisher,
        "retirement": None,
    }
    return RegistryReply(body=body, validated=True)


ROUTES: tuple[Route, ...] = (
    (r"/api/packages/(?P<name>[^/]+)", package),
    (r"/api/packages/(?P<name>[^/]+)/releases/(?P<number>[^/]+)", release),
)
