"""npm: the full packument (github.com/npm/registry, package-metadata.md) and attestations."""

from base64 import b64encode

from tests.fakes.registries.registries_world import FakeProject, FakeRegistryRelease, RegistriesWorld
from tests.fakes.registries.registry_exchange import RegistryReply, RegistryRequest, Route, not_found, timestamp


def packument(world: RegistriesWorld, request: RegistryRequest) -> RegistryReply:
    found = world.project("npm", request.parts["name"])
    if found is None:
        return not_found({"error": "Not found"})
    newest = found.newest_first
    times = {"created": timestamp(newest[-1].published), "modified": timestamp(found.changed_at)} if newest else {}
    body = {
        "_id": found.name,
        "_rev": f"{len(found.releases)}-0",
        "name": found.name,
        "dist-tags": {"latest": newest[0].number} if newest else {},
        "versions": {release.number: manifest(found, release) for release in found.releases.values()},
        "time": times
        | {release.number: timestamp(release.published) for release in found.releases.values()}
        | {number: timestamp(published) for number, published in found.deleted.items()},  # npm keeps them
        "maintainers": [{"name": name, "email": f"{name}@users.invalid"} for name in found.maintainers],
    }
    return RegistryReply(body=body, validated=True)


def manifest(project: FakeProject, release: FakeRegistryRelease) -> dict[str, object]:
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
        "name": project.name,
        "version": release.number,
        "_id": f"{project.name}@{release.number}",
        "dist": dist,
        "_npmUser": sender(release),
    }
    if release.commit:
        body["gitHead"] = release.commit
    if release.withdrawn:
        body["deprecated"] = "withdrawn,\nuse another"
    return body


def sender(release: FakeRegistryRelease) -> dict[str, object]:
    if release.approver is not None:  # pnpm/pnpm, issue 11887 and pull request 12056
        person: dict[str, object] = {"name": release.approver, "email": f"{release.approver}@users.invalid"}
        return person | {"approver": dict(person)}
    if release.by is None and release.workload is not None:
        publisher = {"id": "github", "oidcConfigId": "oidc:00000000-0000-4000-8000-000000000001"}
        return {"name": "GitHub Actions", "email": "oidc@users.invalid", "trustedPublisher": publisher}
    return {"name": release.by or "somebody", "email": f"{release.by}@users.invalid"}


def attestations(world: RegistriesWorld, request: RegistryRequest) -> RegistryReply:
    found = world.project("npm", request.parts["name"])
    release = found.releases.get(request.parts["number"]) if found else None
    if release is None or not release.provenance:
        return not_found({"error": "Attestations not found"})
    return RegistryReply(body=release.provenance[release.files[0].name])


ROUTES: tuple[Route, ...] = (
    (r"/-/npm/v1/attestations/(?P<name>[^/]+)@(?P<number>[^/@]+)", attestations),
    (r"/(?P<name>[^/-][^/]*)", packument),
)
