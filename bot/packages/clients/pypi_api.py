"""Reads versions, owners and provenance of a project from PyPI or TestPyPI.

PyPI's documentation: JSON API, Index API (PEP 691, 700, 740) and Integrity API.

Only trusted publishers can upload attestations. A file without one may still come from a trusted publisher.
"""

from collections.abc import Iterator, Mapping

from bot.model.findings import Known, MaybeKnown, Unknown
from bot.packages.clients.registry_client import (
    AccountRoles,
    PackageClient,
    PreviousVersions,
    RegistryClient,
    StrictJson,
    parse_strict_json,
)
from bot.packages.http_client import RegistryQuery, RegistryResponse
from bot.packages.manifests.purl import normalize_name
from bot.packages.versions import Package, PackageFile, PackageVersion, PublisherKind

SIMPLE_MEDIA_TYPE = "application/vnd.pypi.simple.v1+json"
INTEGRITY_MEDIA_TYPE = "application/vnd.pypi.integrity.v1+json"
PROVENANCE_VERSION = (1, 3)  # of the Simple API, which since then says of each file where its provenance is (PEP 740)
MAX_FILES = 100  # of one version whose provenance is asked for; large projects have about fifty


def _normalized_name(package: Package) -> str:
    return normalize_name(package.registry, package.name)


def _first_request(package: Package) -> RegistryQuery:
    return RegistryQuery("web", ("pypi", _normalized_name(package), "json"))


def _read_versions(client: PackageClient, response: RegistryResponse, _: PreviousVersions) -> Iterator[PackageVersion]:
    offered = _files_with_provenance(client)
    for number, files in parse_strict_json(response.content).get("releases").entries().items():
        listed = tuple(files.items())
        if listed:  # a release whose files were all deleted was never there for anybody
            yield _parse_version(client.package, StrictJson(number).get_text(), listed, offered)


def _parse_version(
    package: Package, number: str, files: tuple[StrictJson, ...], files_with_provenance: Mapping[str, bool]
) -> PackageVersion:
    names = [file.get("filename").get_text() for file in files]
    signed_files = [files_with_provenance[name] for name in names if name in files_with_provenance]
    provenance = all(signed_files) if len(signed_files) == len(names) else None
    moments = [file.get("upload_time_iso_8601").get_datetime() for file in files]
    return PackageVersion(
        package,
        number,
        published_at=min((moment for moment in moments if moment is not None), default=None),
        publisher_kind=PublisherKind.TRUSTED_PUBLISHER if provenance else PublisherKind.UNKNOWN,
        files=tuple(
            PackageFile(name, {"sha256": file.get("digests").get("sha256").get_text()}, came)
            for name, file, came in zip(names, files, moments, strict=True)
        ),
        has_provenance=provenance,
        withdrawn=all(file.get("yanked").get_flag() for file in files),
    )


def _files_with_provenance(client: PackageClient) -> Mapping[str, bool]:
    """Whether each file has provenance; files of which this page does not say it are not in it."""
    found = client.get_json(
        RegistryQuery(
            "web", ("simple", _normalized_name(client.package)), accept=SIMPLE_MEDIA_TYPE, trailing_slash=True
        )
    )
    if found is None:
        return {}
    files = [(file.get("filename").get_text(), file.get("provenance").exists) for file in found.get("files").items()]
    knows = _api_version(found) >= PROVENANCE_VERSION
    return {name: has_provenance for name, has_provenance in files if has_provenance or knows}


def _api_version(simple: StrictJson) -> tuple[int, ...]:
    """Return the version of the Simple API that an answer speaks; what names none, as the first did not, speaks 1.0."""
    meta = simple.get("meta")
    written = (meta.get("api-version").get_optional_text() if meta.exists else None) or "1.0"
    return tuple(int(part) if part.isascii() and part.isdigit() else 0 for part in written.split("."))


def _read_owners(client: PackageClient, response: RegistryResponse) -> MaybeKnown[AccountRoles]:
    ownership = parse_strict_json(response.content).get("ownership")
    if not ownership.exists:
        return Unknown(f"who may publish {client.package}", "the registry did not tell")
    users = {
        role.get("user").get_text(): role.get("role").get_optional_text() or ""
        for role in ownership.get("roles").items()
    }
    organization = ownership.get("organization").get_optional_text()
    return Known(users | ({f"organization {organization}": "organization"} if organization else {}))


def _read_provenance(client: PackageClient, version: PackageVersion) -> Iterator[tuple[str, bytes]]:
    name = _normalized_name(client.package)
    for file in version.files[:MAX_FILES]:
        parts = ("integrity", name, version.number, file.name, "provenance")
        answer = client.send(RegistryQuery("web", parts, accept=INTEGRITY_MEDIA_TYPE))
        if answer.exists:
            yield file.name, answer.content


CLIENT = RegistryClient(
    first_request=_first_request,
    read_versions=_read_versions,
    read_owners=_read_owners,
    read_provenance=_read_provenance,
)
