"""PyPI and TestPyPI: JSON API, Simple API (PEP 691, 700, 740) and Integrity API, as its user documentation shows them."""

from tests.fakes.registries.registries_world import Project, Release, World
from tests.fakes.registries.registry_exchange import Question, Reply, Route, not_found, stamp

SIMPLE = "application/vnd.pypi.simple.v1+json"
INTEGRITY = "application/vnd.pypi.integrity.v1+json"


def project(world: World, asked: Question) -> Reply:
    found = world.project(asked.registry, asked.parts["name"])
    if found is None:
        return not_found({"message": "Not Found"})
    newest = found.newest_first[0] if found.releases else None
    body = {
        "info": {"name": found.name, "version": newest.number if newest else "", "yanked": False},
        "last_serial": int(found.changed.timestamp()),
        "ownership": {
            "organization": None,
            "roles": [{"role": "Owner", "user": user} for user in sorted(found.maintainers)],
        },
        "releases": {release.number: files(release) for release in found.releases.values()},
        "urls": files(newest) if newest else [],
        "vulnerabilities": [],
    }
    return Reply(body=body, validated=True)


def files(release: Release) -> list[dict[str, object]]:
    return [
        {
            "filename": file.name,
            "digests": {"blake2b_256": "0" * 64, "md5": "0" * 32, **file.digests},
            "packagetype": "bdist_wheel" if file.name.endswith(".whl") else "sdist",
            "size": 1024,
            "upload_time": (file.came or release.published).strftime("%Y-%m-%dT%H:%M:%S"),
            "upload_time_iso_8601": stamp(file.came or release.published),
            "yanked": release.withdrawn,
            "yanked_reason": "withdrawn" if release.withdrawn else None,
        }
        for file in release.files
    ]


def simple(world: World, asked: Question) -> Reply:
    if not asked.parts["slash"]:
        return Reply(301, headers={"location": f"/{asked.registry}{asked.path}/"})
    found = world.project(asked.registry, asked.parts["name"])
    if found is None:
        return not_found()
    if SIMPLE not in asked.headers.get("accept", ""):
        return Reply(body=b"<!DOCTYPE html>", media="text/html")
    body = {
        "meta": {"_last-serial": int(found.changed.timestamp()), "api-version": "1.4"},
        "name": asked.parts["name"],
        "project-status": {"status": "active"},
        "versions": list(found.releases),
        "files": [entry for release in found.releases.values() for entry in simple_files(found, release)],
    }
    return Reply(body=body, media=SIMPLE, validated=True)


def simple_files(found: Project, release: Release) -> list[dict[str, object]]:
    return [
        {
            "filename": file.name,
            "hashes": dict(file.digests),
            "provenance": f"integrity/{found.name}/{release.number}/{file.name}/provenance"
            if file.name in release.provenance
            else None,
            "size": 1024,
            "upload-time": stamp(file.came or release.published),
            "yanked": "withdrawn" if release.withdrawn else False,
        }
        for file in release.files
    ]


def provenance(world: World, asked: Question) -> Reply:
    found = world.project(asked.registry, asked.parts["name"])
    release = found.releases.get(asked.parts["number"]) if found else None
    if release is None or asked.parts["file"] not in release.provenance:
        return not_found({"message": "No provenance available"})
    if INTEGRITY not in asked.headers.get("accept", ""):
        return Reply(406, {"message": "Request not acceptable"})
    return Reply(body=release.provenance[asked.parts["file"]], media=INTEGRITY)


ROUTES: tuple[Route, ...] = (
    (r"/pypi/(?P<name>[^/]+)/json", project),
    (r"/simple/(?P<name>[^/]+)(?P<slash>/?)", simple),
    (r"/integrity/(?P<name>[^/]+)/(?P<number>[^/]+)/(?P<file>[^/]+)/provenance", provenance),
)
