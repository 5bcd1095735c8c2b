"""pub: a package with all its versions (the Dart project's repository-spec-v2.md), and its publisher."""

from tests.fakes.registries.registries_world import FakeProject, FakeRegistryRelease, RegistriesWorld
from tests.fakes.registries.registry_exchange import RegistryReply, RegistryRequest, Route, not_found, timestamp

ACCEPT = "application/vnd.pub.v2+json"
MISSING = {"error": {"code": "NotFound", "message": "Could not find package."}}


def package(world: RegistriesWorld, request: RegistryRequest) -> RegistryReply:
    found = world.project("pub", request.parts["name"])
    if found is None:
        return not_found(MISSING)
    versions = [version(found, release) for release in found.releases.values()]
    return RegistryReply(body={"name": found.name, "latest": versions[-1], "versions": versions}, media=ACCEPT)


def version(project: FakeProject, release: FakeRegistryRelease) -> dict[str, object]:
    body: dict[str, object] = {
        "version": release.number,
        "pubspec": {"name": project.name, "version": release.number},
        "archive_url": "elsewhere",
        "archive_sha256": release.files[0].digests["sha256"],
        "published": timestamp(release.published),
    }
    return body | ({"retracted": True} if release.withdrawn else {})


def publisher(world: RegistriesWorld, request: RegistryRequest) -> RegistryReply:
    found = world.project("pub", request.parts["name"])
    if found is None:
        return not_found(MISSING)
    return RegistryReply(body={"publisherId": found.maintainers[0] if found.maintainers else None})


ROUTES: tuple[Route, ...] = (
    (r"/api/packages/(?P<name>[^/]+)", package),
    (r"/api/packages/(?P<name>[^/]+)/publisher", publisher),
)
