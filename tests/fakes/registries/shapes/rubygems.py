"""RubyGems: versions, owners and attestations, as the guides' page about its API and the registry's own source show them."""

from tests.fakes.registries.registries_world import RegistriesWorld
from tests.fakes.registries.registry_exchange import RegistryReply, RegistryRequest, Route, not_found, timestamp

MISSING = b"This rubygem could not be found."


def versions(world: RegistriesWorld, request: RegistryRequest) -> RegistryReply:
    found = world.project("rubygems", request.parts["name"])
    if found is None:
        return not_found(MISSING)
    body = [
        {
            "number": release.number,
            "platform": file.name.removeprefix(f"{found.name}-{release.number}").removesuffix(".gem")[1:] or "ruby",
            "created_at": timestamp(file.uploaded_at or release.published),
            "built_at": timestamp(file.uploaded_at or release.published),
            "authors": "somebody",
            "prerelease": "-" in release.number,
            "sha": file.digests["sha256"],
            "summary": None,
        }
        for release in found.newest_first
        if not release.withdrawn  # a yanked version is not told of any more
        for file in release.files
    ]
    return RegistryReply(body=body, validated=True)


def owners(world: RegistriesWorld, request: RegistryRequest) -> RegistryReply:
    found = world.project("rubygems", request.parts["name"])
    if found is None:
        return not_found(MISSING)
    return RegistryReply(
        body=[
            {"id": number, "handle": name, "role": found.roles.get(name, "owner")}
            for number, name in enumerate(found.maintainers, start=1)
        ]
    )


def attestations(world: RegistriesWorld, request: RegistryRequest) -> RegistryReply:
    name = f"{request.parts['full']}.gem"
    for (registry, _), project in world.projects.items():
        for release in project.releases.values() if registry == "rubygems" else ():
            if any(file.name == name for file in release.files):
                return RegistryReply(body=release.provenance.get(name, []))
    return not_found(MISSING)


ROUTES: tuple[Route, ...] = (
    (r"/api/v1/versions/(?P<name>[^/]+)\.json", versions),
    (r"/api/v1/gems/(?P<name>[^/]+)/owners\.json", owners),
    (r"/api/v1/attestations/(?P<full>[^/]+)\.json", attestations),
)
