"""Docker Hub's own API (Docker Hub API reference): tags, the last pushed first, page by page."""

from tests.fakes.registries.registries_world import World
from tests.fakes.registries.registry_exchange import Question, Reply, Route, not_found, stamp


def tags(world: World, asked: Question) -> Reply:
    found = world.project("docker-hub", asked.parts["name"])
    if found is None:
        return not_found({"message": "object not found", "errinfo": {}})
    size, number = int(asked.query.get("page_size", "10")), int(asked.query.get("page", "1"))
    assert size <= 100, "a page has a hundred tags at most"
    page = found.newest_first[(number - 1) * size : number * size]
    more = len(found.releases) > number * size
    body = {
        "count": len(found.releases),
        "next": "elsewhere" if more else None,
        "previous": None,
        "results": [
            {
                "name": release.number,
                "digest": f"sha256:{release.files[0].digests['sha256']}",
                "last_updated": stamp(release.published),
                "tag_last_pushed": stamp(release.published),
                "last_updater_username": release.by or "somebody",
                "tag_status": "active",
                "images": [],
            }
            for release in page
        ],
    }
    return Reply(body=body)


ROUTES: tuple[Route, ...] = ((r"/v2/repositories/(?P<name>[^/]+/[^/]+)/tags", tags),)
