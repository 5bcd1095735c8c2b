"""Reads versions from Maven Central and their dates; it does not report who published them.

maven.apache.org/repositories/metadata.html. A version's date is that of its POM file.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from email.utils import parsedate_to_datetime

from bot.model.findings import MaybeKnown, Unknown
from bot.packages.clients.registry_client import (
    AccountRoles,
    PackageClient,
    PreviousVersions,
    RegistryClient,
    StrictJson,
    UnexpectedFormatError,
)
from bot.packages.http_client import RegistryQuery, RegistryResponse
from bot.packages.versions import Package, PackageVersion
from bot.xml import XmlError, read_xml


def _path(package: Package, *rest: str) -> tuple[str, ...]:
    group, colon, artifact = package.name.partition(":")
    if not colon:
        raise UnexpectedFormatError("the package's name is not of the form group:artifact")
    return ("maven2", *group.split("."), artifact, *rest)


def _first_request(package: Package) -> RegistryQuery:
    return RegistryQuery("repo", _path(package, "maven-metadata.xml"), accept="application/xml")


def _read_versions(client: PackageClient, response: RegistryResponse, _: PreviousVersions) -> Iterator[PackageVersion]:
    try:
        metadata = read_xml(response.content)
    except XmlError as error:
        raise UnexpectedFormatError(str(error)) from None
    for versions in (
        each for versioning in metadata.children_named("versioning") for each in versioning.children_named("versions")
    ):
        for number in versions.children_named("version"):
            yield PackageVersion(
                client.package, StrictJson(number.text, "metadata.version").get_text(), published_at=None
            )


def _read_details(client: PackageClient, version: PackageVersion) -> PackageVersion:
    """Say when it came: a version that is on Central is never changed."""
    artifact = client.package.name.partition(":")[2]
    parts = _path(client.package, version.number, f"{artifact}-{version.number}.pom")
    answer = client.send(RegistryQuery("repo", parts, accept="*/*", method="HEAD"))
    try:
        moment = parsedate_to_datetime(answer.headers.get("last-modified", ""))
    except ValueError:
        return version
    return replace(version, published_at=moment.astimezone(UTC))


def _read_owners(client: PackageClient, _: RegistryResponse) -> MaybeKnown[AccountRoles]:
    return Unknown(f"who may publish {client.package}", "the registry does not tell")


CLIENT = RegistryClient(
    first_request=_first_request, read_versions=_read_versions, read_details=_read_details, read_owners=_read_owners
)
