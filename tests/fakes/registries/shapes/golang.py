"""The Go module proxy (go.dev/ref/mod#goproxy-protocol): the list, and what it saw of each version first."""

import re

from tests.fakes.registries.registries_world import World
from tests.fakes.registries.registry_exchange import Question, Reply, Route, not_found, stamp


def versions(world: World, asked: Question) -> Reply:
    found = world.project("golang", _plain(asked.parts["module"]))
    if found is None:
        return not_found(b"not found: module: no matching versions")
    return Reply(body="\n".join(found.releases).encode(), media="text/plain", validated=True)


def info(world: World, asked: Question) -> Reply:
    found = world.project("golang", _plain(asked.parts["module"]))
    release = found.releases.get(_plain(asked.parts["number"])) if found else None
    if found is None or release is None:
        return not_found(b"not found: unknown revision")
    origin = {
        "VCS": "git",
        "URL": f"https://{found.name}",
        "Hash": release.commit,
        "Ref": f"refs/tags/{release.number}",
    }
    body: dict[str, object] = {"Version": release.number, "Time": stamp(release.published)}
    return Reply(body=body | ({"Origin": origin} if release.commit else {}))


def _plain(text: str) -> str:
    assert text == text.lower(), "capital letters are written !a"
    return re.sub("!([a-z])", lambda match: match[1].upper(), text)


ROUTES: tuple[Route, ...] = (
    (r"/(?P<module>.+)/@v/list", versions),
    (r"/(?P<module>.+)/@v/(?P<number>[^/]+)\.info", info),
)
