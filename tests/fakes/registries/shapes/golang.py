"""The Go module proxy (go.dev/ref/mod#goproxy-protocol): the list, and what it saw of each version first."""

import re

from tests.fakes.registries.registries_world import RegistriesWorld
from tests.fakes.registries.registry_exchange import RegistryReply, RegistryRequest, Route, not_found, timestamp


def versions(world: RegistriesWorld, request: RegistryRequest) -> RegistryReply:
    found = world.project("golang", _plain(request.parts["module"]))
    if found is None:
        return not_found(b"not found: module: no matching versions")
    return RegistryReply(body="\n".join(found.releases).encode(), media="text/plain", validated=True)


def info(world: RegistriesWorld, request: RegistryRequest) -> RegistryReply:
    found = world.project("golang", _plain(request.parts["module"]))
    release = found.releases.get(_plain(request.parts["number"])) if found else None
    if found is None or release is None:
        return not_found(b"not found: unknown revision")
    origin = {
        "VCS": "git",
        "URL": f"https://{found.name}",
        "Hash": release.commit,
        "Ref": f"refs/tags/{release.number}",
    }
    body: dict[str, object] = {"Version": release.number, "Time": timestamp(release.published)}
    return RegistryReply(body=body | ({"Origin": origin} if release.commit else {}))


def _plain(text: str) -> str:
    assert text == text.lower(), "capital letters are written !a"
    return re.sub("!([a-z])", lambda match: match[1].upper(), text)


ROUTES: tuple[Route, ...] = (
    (r"/(?P<module>.+)/@v/list", versions),
    (r"/(?P<module>.+)/@v/(?P<number>[^/]+)\.info", info),
)
