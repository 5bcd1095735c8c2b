"""Reads versions and the owning publisher from pub (Dart); it does not report who published them.

The Dart project's doc/repository-spec-v2.md, and pub's own API help.
"""

from collections.abc import Iterator

from bot.model.findings import Known, MaybeKnown, Unknown
from bot.packages.clients.registry_client import (
    AccountRoles,
    PackageClient,
    PreviousVersions,
    RegistryClient,
    parse_strict_json,
)
from bot.packages.http_client import RegistryQuery, RegistryResponse
from bot.packages.versions import Package, PackageFile, PackageVersion

MEDIA_TYPE = "application/vnd.pub.v2+json"


def _first_request(package: Package) -> RegistryQuery:
    return RegistryQuery("web", ("api", "packages", package.name), accept=MEDIA_TYPE)


def _read_versions(client: PackageClient, response: RegistryResponse, _: PreviousVersions) -> Iterator[PackageVersion]:
    for each in parse_strict_json(response.content).get("versions").items():
        number, digest = each.get("version").get_text(), each.get("archive_sha256").get_optional_text()
        yield PackageVersion(
            client.package,
            number,
            published_at=each.get("published").get_datetime(),
            files=(PackageFile(f"{client.package.name}-{number}.tar.gz", {"sha256": digest} if digest else {}),),
            withdrawn=each.get("retracted").get_flag(),
        )


def _read_owners(client: PackageClient, _: RegistryResponse) -> MaybeKnown[AccountRoles]:
    found = client.get_json(RegistryQuery("web", ("api", "packages", client.package.name, "publisher")))
    publisher = found.get("publisherId").get_optional_text() if found else None
    if publisher is None:
        return Unknown(f"who may publish {client.package}", "the registry tells only publishers, and it has none")
    return Known({f"publisher {publisher}": "publisher"})


CLIENT = RegistryClient(
    first_request=_first_request, read_versions=_read_versions, read_owners=_read_owners, separate_owners_request=True
)
