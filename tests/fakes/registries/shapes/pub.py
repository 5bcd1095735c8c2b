"""pub: a package with all its versions (the Dart project's repository-spec-v2.md), and its publisher."""

from tests.fakes.registries.registries_world import Project, Release, World
from tests.fakes.registries.registry_exchange import Question, Reply, Route, not_found, stamp

ACCEPT = "application/vnd.pub.v2+json"
MISSING = {"error": {"code": "NotFound", "message": "Could not find package."}}


def package(world: World, asked: Question) -> Reply:
    found = world.project("pub", asked.parts["name"])
    if found is None:
        return not_found(MISSING)
    versions = [version(found, release) for release in found.releases.values()]
    return Reply(body={"name": found.name, "latest": versions[-1], "versions": versions}, media=ACCEPT)


def version(found: Project, release: Release) -> dict[str, object]:
    body: dict[str, object] = {
        "version": release.number,
        "pubspec": {"name": found.name, "version": release.number},
        "archive_url": "elsewhere",
        "archive_sha256": release.files[0].digests["sha256"],
        "published": stamp(release.published),
    }
    return body | ({"retracted": True} if release.withdrawn else {})


def publisher(world: World, asked: Question) -> Reply:
    found = world.project("pub", asked.parts["name"])
    if found is None:
        return not_found(MISSING)
    return Reply(body={"publisherId": found.maintainers[0] if found.maintainers else None})


ROUTES: tuple[Route, ...] = (
    (r"/api/packages/(?P<name>[^/]+)", package),
    (r"/api/packages/(?P<name>[^/]+)/publisher", publisher),
)
