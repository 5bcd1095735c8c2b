"""JSR's management API, as the registry's own source has it: versions newest first, and a scope's members."""

from tests.fakes.registries.registries_world import RegistriesWorld
from tests.fakes.registries.registry_exchange import RegistryReply, RegistryRequest, Route, not_found, timestamp

MISSING = {"code": "packageNotFound", "message": "The requested package was not found."}


def versions(world: RegistriesWorld, request: RegistryRequest) -> RegistryReply:
    found = world.project("jsr", f"@{request.parts['scope']}/{request.parts['name']}")
    if found is None:
        return not_found(MISSING)
    body = [
        {
            "scope": request.parts["scope"],
            "package": request.parts["name"],
            "version": release.number,
            "yanked": release.withdrawn,
            "user": {"id": "0", "name": release.by} if release.by else None,
            "rekorLogId": "4711" if release.by is None and release.workload else None,
            "createdAt": timestamp(release.published),
            "updatedAt": timestamp(release.published),
        }
        for release in found.newest_first
    ]
    return RegistryReply(body=body)


def members(world: RegistriesWorld, request: RegistryRequest) -> RegistryReply:
    names = {
        name
        for (registry, package), project in world.projects.items()
        if registry == "jsr" and package.startswith(f"@{request.parts['scope']}/")
        for name in project.maintainers
    }
    body = [
        {"scope": request.parts["scope"], "user": {"id": "0", "name": name}, "isAdmin": True} for name in sorted(names)
    ]
    return RegistryReply(body=body)


ROUTES: tuple[Route, ...] = (
    (r"/scopes/(?P<scope>[^/]+)/packages/(?P<name>[^/]+)/versions", versions),
    (r"/scopes/(?P<scope>[^/]+)/members", members),
)
