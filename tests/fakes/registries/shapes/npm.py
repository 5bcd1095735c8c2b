"""npm: the full packument (github.com/npm/registry, package-metadata.md) and attestations."""

from base64 import b64encode

from tests.fakes.registries.registries_world import Project, Release, World
from tests.fakes.registries.registry_exchange import Question, Reply, Route, not_found, stamp


def packument(world: World, asked: Question) -> Reply:
    found = world.project("npm", asked.parts["name"])
    if found is None:
        return not_found({"error": "Not found"})
    newest = found.newest_first
    times = {"created": stamp(newest[-1].published), "modified": stamp(found.changed)} if newest else {}
    body = {
        "_id": found.name,
        "_rev": f"{len(found.releases)}-0",
        "name": found.name,
        "dist-tags": {"latest": newest[0].number} if newest else {},
        "versions": {release.number: manifest(found, release) for release in found.releases.values()},
        "time": times | {release.number: stamp(release.published) for release in found.releases.values()},
        "maintainers": [{"name": name, "email": f"{name}@users.invalid"} for name in found.maintainers],
    }
    return Reply(body=body, validated=True)


def manifest(found: Project, release: Release) -> dict[str, object]:
    file = release.files[0]
    dist: dict[str, object] = {
        "shasum": file.digests["sha1"],
        "integrity": "sha512-" + b64encode(bytes.fromhex(file.digests["sha512"])).decode(),
        "tarball": f"-/{file.name}",
        "fileCount": 3,
        "signatures": [{"keyid": "SHA256:stand-in", "sig": "MEUCIQ"}],
    }
    if release.provenance:
        dist["attestations"] = {"url": "elsewhere", "provenance": {"predicateType": "https://slsa.dev/provenance/v1"}}
    body: dict[str, object] = {
        "name": found.name,
        "version": release.number,
        "_id": f"{found.name}@{release.number}",
        "dist": dist,
        "_npmUser": sender(release),
    }
    if release.commit:
        body["gitHead"] = release.commit
    if release.withdrawn:
        body["deprecated"] = "withdrawn,\nuse another"
    return body


def sender(release: Release) -> dict[str, object]:
    if release.approver is not None:  # pnpm/pnpm, issue 11887 and pull request 12056
        person: dict[str, object] = {"name": release.approver, "email": f"{release.approver}@users.invalid"}
        return person | {"approver": dict(person)}
    if release.by is None and release.workload is not None:
        publisher = {"id": "github", "oidcConfigId": "oidc:00000000-0000-4000-8000-000000000001"}
        return {"name": "GitHub Actions", "email": "oidc@users.invalid", "trustedPublisher": publisher}
    return {"name": release.by or "somebody", "email": f"{release.by}@users.invalid"}


def attestations(world: World, asked: Question) -> Reply:
    found = world.project("npm", asked.parts["name"])
    release = found.releases.get(asked.parts["number"]) if found else None
    if release is None or not release.provenance:
        return not_found({"error": "Attestations not found"})
    return Reply(body=release.provenance[release.files[0].name])


ROUTES: tuple[Route, ...] = (
    (r"/-/npm/v1/attestations/(?P<name>[^/]+)@(?P<number>[^/@]+)", attestations),
    (r"/(?P<name>[^/-][^/]*)", packument),
)
