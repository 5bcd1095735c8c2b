"""PyPI and TestPyPI: JSON API, Simple API (PEP 691, 700, 740) and Integrity API, as its user documentation shows them."""

from tests.fakes.registries.registries_world import FakeProject, FakeRegistryRelease, RegistriesWorld
from tests.fakes.registries.registry_exchange import RegistryReply, RegistryRequest, Route, not_found, timestamp

SIMPLE = "application/vnd.pypi.simple.v1+json"
INTEGRITY = "application/vnd.pypi.integrity.v1+json"


def project(world: RegistriesWorld, request: RegistryRequest) -> RegistryReply:
    found = world.project(request.registry, request.parts["name"])
    if found is None:
        return not_found({"message": "Not Found"})
    newest = found.newest_first[0] if found.releases else None
    body = {
        "info": {"name": found.name, "version": newest.number if newest else "", "yanked": False},
        "last_serial": int(found.changed_at.timestamp()),
        "ownership": {
            "organization": None,
            "roles": [{"role": found.roles.get(user, "Owner"), "user": user} for user in sorted(found.maintainers)],
        },
        "releases": {release.number: files(release) for release in found.releases.values()},
        "urls": files(newest) if newest else [],
        "vulnerabilities": [],
    }
    return RegistryReply(body=body, validated=True)


def files(release: FakeRegistryRelease) -> list[dict[str, object]]:
    return [
        {
            "filename": file.name,
            "digests": {"blake2b_256": "0" * 64, "md5": "0" * 32, **file.digests},
            "packagetype": "bdist_wheel" if file.name.endswith(".whl") else "sdist",
            "size": 1024,
            "upload_time": (file.uploaded_at or release.published).strftime("%Y-%m-%dT%H:%M:%S"),
            "upload_time_iso_8601": timestamp(file.uploaded_at or release.published),
            "yanked": release.withdrawn,
            "yanked_reason": "withdrawn" if release.withdrawn else None,
        }
        for file in release.files
    ]


def simple(world: RegistriesWorld, request: RegistryRequest) -> RegistryReply:
    if not request.parts["slash"]:
        return RegistryReply(301, headers={"location": f"/{request.registry}{request.path}/"})
    found = world.project(request.registry, request.parts["name"])
    if found is None:
        return not_found()
    if SIMPLE not in request.headers.get("accept", ""):
        return RegistryReply(body=b"<!DOCTYPE html>", media="text/html")
    body = {
        "meta": {"_last-serial": int(found.changed_at.timestamp()), "api-version": "1.4"},
        "name": request.parts["name"],
        "project-status": {"status": "active"},
        "versions": list(found.releases),
        "files": [entry for release in found.releases.values() for entry in simple_files(found, release)],
    }
    return RegistryReply(body=body, media=SIMPLE, validated=True)


def simple_files(found_project: FakeProject, release: FakeRegistryRelease) -> list[dict[str, object]]:
    return [
        {
            "filename": file.name,
            "hashes": dict(file.digests),
            "provenance": f"integrity/{found_project.name}/{release.number}/{file.name}/provenance"
            if file.name in release.provenance
            else None,
            "size": 1024,
            "upload-time": timestamp(file.uploaded_at or release.published),
            "yanked": "withdrawn" if release.withdrawn else False,
        }
        for file in release.files
    ]


def provenance(world: RegistriesWorld, request: RegistryRequest) -> RegistryReply:
    found = world.project(request.registry, request.parts["name"])
    release = found.releases.get(request.parts["number"]) if found else None
    if release is None or request.parts["file"] not in release.provenance:
        return not_found({"message": "No provenance available"})
    if INTEGRITY not in request.headers.get("accept", ""):
        return RegistryReply(406, {"message": "Request not acceptable"})
    return RegistryReply(body=release.provenance[request.parts["file"]], media=INTEGRITY)


ROUTES: tuple[Route, ...] = (
    (r"/pypi/(?P<name>[^/]+)/json", project),
    (r"/simple/(?P<name>[^/]+)(?P<slash>/?)", simple),
    (r"/integrity/(?P<name>[^/]+)/(?P<number>[^/]+)/(?P<file>[^/]+)/provenance", provenance),
)
