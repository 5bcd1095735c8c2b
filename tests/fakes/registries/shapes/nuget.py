"""NuGet: the registration in pages of 64, inline up to 128 versions, and the search (learn.microsoft.com/nuget/api)."""

from tests.fakes.registries.registries_world import FakeProject, FakeRegistryRelease, RegistriesWorld
from tests.fakes.registries.registry_exchange import RegistryReply, RegistryRequest, Route, not_found, timestamp

PAGE_SIZE, MAX_INLINE = 64, 128


def index(world: RegistriesWorld, request: RegistryRequest) -> RegistryReply:
    found = world.project("nuget", request.parts["name"])
    if found is None or request.parts["name"] != request.parts["name"].lower():
        return not_found(b"<?xml version='1.0'?><Error><Code>BlobNotFound</Code></Error>")
    inline = len(found.releases) <= MAX_INLINE
    pages = [page(found, part, inline=inline) for part in _parts(found)]
    return RegistryReply(body={"@id": "elsewhere", "count": len(pages), "items": pages}, validated=True)


def registration_page(world: RegistriesWorld, request: RegistryRequest) -> RegistryReply:
    found = world.project("nuget", request.parts["name"])
    for part in _parts(found) if found else ():
        if found and (part[0].number, part[-1].number) == (request.parts["lower"], request.parts["upper"]):
            return RegistryReply(body=page(found, part, inline=True), validated=True)
    return not_found()


def page(project: FakeProject, part: list[FakeRegistryRelease], *, inline: bool) -> dict[str, object]:
    body: dict[str, object] = {
        "@id": "elsewhere",
        "count": len(part),
        "lower": part[0].number,
        "upper": part[-1].number,
    }
    return body | {"items": [leaf(project, release) for release in part]} if inline else body


def leaf(project: FakeProject, release: FakeRegistryRelease) -> dict[str, object]:
    published = "1900-01-01T00:00:00+00:00" if release.withdrawn else timestamp(release.published)
    entry = {
        "@id": "elsewhere",
        "id": project.name,
        "version": release.number,
        "published": published,
        "listed": not release.withdrawn,
    }
    return {"@id": "elsewhere", "catalogEntry": entry, "packageContent": "elsewhere"}


def search(world: RegistriesWorld, request: RegistryRequest) -> RegistryReply:
    found = world.project("nuget", request.query.get("q", "").removeprefix("packageid:"))
    hits = [{"id": found.name, "version": "1.0.0", "owners": list(found.maintainers)}] if found else []
    return RegistryReply(body={"totalHits": len(hits), "data": hits})


def _parts(project: FakeProject) -> list[list[FakeRegistryRelease]]:
    releases = list(project.releases.values())
    return [releases[start : start + PAGE_SIZE] for start in range(0, len(releases), PAGE_SIZE)]


ROUTES: tuple[Route, ...] = (
    (r"/v3/registration5-gz-semver2/(?P<name>[^/]+)/index\.json", index),
    (r"/v3/registration5-gz-semver2/(?P<name>[^/]+)/page/(?P<lower>[^/]+)/(?P<upper>[^/]+)\.json", registration_page),
    (r"/query", search),
)
