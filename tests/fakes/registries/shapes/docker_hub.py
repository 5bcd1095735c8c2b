"""Docker Hub's own API (Docker Hub API reference): tags, the last pushed first, page by page."""

from tests.fakes.registries.registries_world import RegistriesWorld
from tests.fakes.registries.registry_exchange import RegistryReply, RegistryRequest, Route, not_found, timestamp


def tags(world: RegistriesWorld, request: RegistryRequest) -> RegistryReply:
    found = world.project("docker-hub", request.parts["name"])
    if found is None:
        return not_found({"message": "object not found", "errinfo": {}})
    size, number = int(request.query.get("page_size", "10")), int(request.query.get("page", "1"))
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
                "last_updated": timestamp(release.published),
                "tag_last_pushed": timestamp(release.published),
                "last_updater_username": release.by or "somebody",
                "tag_status": "active",
                "images": [],
            }
            for release in page
        ],
    }
    return RegistryReply(body=body)


ROUTES: tuple[Route, ...] = ((r"/v2/repositories/(?P<name>[^/]+/[^/]+)/tags", tags),)
