"""NuGet: the registration in pages of 64, inline up to 128 versions, and the search (learn.microsoft.com/nuget/api)."""

from tests.fakes.registries.registries_world import Project, Release, World
from tests.fakes.registries.registry_exchange import Question, Reply, Route, not_found, stamp

PAGE, INLINE = 64, 128


def index(world: World, asked: Question) -> Reply:
    found = world.project("nuget", asked.parts["name"])
    if found is None or asked.parts["name"] != asked.parts["name"].lower():
        return not_found(b"<?xml version='1.0'?><Error><Code>BlobNotFound</Code></Error>")
    inline = len(found.releases) <= INLINE
    pages = [page(found, part, inline=inline) for part in _parts(found)]
    return Reply(body={"@id": "elsewhere", "count": len(pages), "items": pages}, validated=True)


def one_page(world: World, asked: Question) -> Reply:
    found = world.project("nuget", asked.parts["name"])
    for part in _parts(found) if found else ():
        if found and (part[0].number, part[-1].number) == (asked.parts["lower"], asked.parts["upper"]):
            return Reply(body=page(found, part, inline=True), validated=True)
    return not_found()


def page(found: Project, part: list[Release], *, inline: bool) -> dict[str, object]:
    body: dict[str, object] = {
        "@id": "elsewhere",
        "count": len(part),
        "lower": part[0].number,
        "upper": part[-1].number,
    }
    return body | {"items": [leaf(found, release) for release in part]} if inline else body


def leaf(found: Project, release: Release) -> dict[str, object]:
    published = "1900-01-01T00:00:00+00:00" if release.withdrawn else stamp(release.published)
    entry = {
        "@id": "elsewhere",
        "id": found.name,
        "version": release.number,
        "published": published,
        "listed": not release.withdrawn,
    }
    return {"@id": "elsewhere", "catalogEntry": entry, "packageContent": "elsewhere"}


def search(world: World, asked: Question) -> Reply:
    found = world.project("nuget", asked.query.get("q", "").removeprefix("packageid:"))
    hits = [{"id": found.name, "version": "1.0.0", "owners": list(found.maintainers)}] if found else []
    return Reply(body={"totalHits": len(hits), "data": hits})


def _parts(found: Project) -> list[list[Release]]:
    releases = list(found.releases.values())
    return [releases[start : start + PAGE] for start in range(0, len(releases), PAGE)]


ROUTES: tuple[Route, ...] = (
    (r"/v3/registration5-gz-semver2/(?P<name>[^/]+)/index\.json", index),
    (r"/v3/registration5-gz-semver2/(?P<name>[^/]+)/page/(?P<lower>[^/]+)/(?P<upper>[^/]+)\.json", one_page),
    (r"/query", search),
)
