"""JSR's management API, as the registry's own source has it: versions newest first, and a scope's members."""

from tests.fakes.registries.registries_world import World
from tests.fakes.registries.registry_exchange import Question, Reply, Route, not_found, stamp

MISSING = {"code": "packageNotFound", "message": "The requested package was not found."}


def versions(world: World, asked: Question) -> Reply:
    found = world.project("jsr", f"@{asked.parts['scope']}/{asked.parts['name']}")
    if found is None:
        return not_found(MISSING)
    body = [
        {
            "scope": asked.parts["scope"],
            "package": asked.parts["name"],
            "version": release.number,
            "yanked": release.withdrawn,
            "user": {"id": "0", "name": release.by} if release.by else None,
            "rekorLogId": "4711" if release.by is None and release.workload else None,
            "createdAt": stamp(release.published),
            "updatedAt": stamp(release.published),
        }
        for release in found.newest_first
    ]
    return Reply(body=body)


def members(world: World, asked: Question) -> Reply:
    names = {
        name
        for (registry, package), project in world.projects.items()
        if registry == "jsr" and package.startswith(f"@{asked.parts['scope']}/")
        for name in project.maintainers
    }
    body = [
        {"scope": asked.parts["scope"], "user": {"id": "0", "name": name}, "isAdmin": True} for name in sorted(names)
    ]
    return Reply(body=body)


ROUTES: tuple[Route, ...] = (
    (r"/scopes/(?P<scope>[^/]+)/packages/(?P<name>[^/]+)/versions", versions),
    (r"/scopes/(?P<scope>[^/]+)/members", members),
)
