"""Reads the releases of a Hex package with their publishers, and its owners.

github.com/hexpm/specifications, apiary.apib
"""

from collections.abc import Iterator
from dataclasses import replace

from bot.model.findings import Known, MaybeKnown, Unknown
from bot.packages.clients.registry_client import (
    AccountRoles,
    PackageClient,
    PreviousVersions,
    RegistryClient,
    parse_strict_json,
)
from bot.packages.http_client import RegistryQuery, RegistryResponse
from bot.packages.versions import Package, PackageFile, PackageVersion, PublisherKind


def _first_request(package: Package) -> RegistryQuery:
    return RegistryQuery("api", ("packages", package.name))


def _read_versions(client: PackageClient, response: RegistryResponse, _: PreviousVersions) -> Iterator[PackageVersion]:
    document = parse_strict_json(response.content)
    retired = document.get("retirements")
    withdrawn = set(retired.entries()) if retired.exists else set()
    for release in reversed(list(document.get("releases").items())):  # the registry tells the newest first
        number = release.get("version").get_text()
        yield PackageVersion(
            client.package,
            number,
            published_at=release.get("inserted_at").get_datetime(),
            withdrawn=number in withdrawn,
        )


def _read_details(client: PackageClient, version: PackageVersion) -> PackageVersion:
    found = client.get_json(RegistryQuery("api", ("packages", client.package.name, "releases", version.number)))
    if found is None:
        return version
    publisher, checksum = found.get("publisher"), found.get("checksum").get_optional_text()
    name = f"{client.package.name}-{version.number}.tar"
    return replace(
        version,
        publisher_kind=PublisherKind.ACCOUNT if publisher.exists else PublisherKind.UNKNOWN,
        published_by=publisher.get("username").get_text() if publisher.exists else None,
        files=(PackageFile(name, {"sha256": checksum.lower()}),) if checksum else (),
    )


def _read_owners(client: PackageClient, response: RegistryResponse) -> MaybeKnown[AccountRoles]:
    owners = parse_strict_json(response.content).get("owners")
    if not owners.exists:
        return Unknown(f"who may publish {client.package}", "the registry did not tell")
    return Known(
        {owner.get("username").get_text(): owner.get("level").get_optional_text() or "" for owner in owners.items()}
    )


CLIENT = RegistryClient(
    first_request=_first_request, read_versions=_read_versions, read_details=_read_details, read_owners=_read_owners
)
