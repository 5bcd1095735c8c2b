"""Reads gem versions, owners and attestations from RubyGems; it does not report who pushed.

RubyGems' guides, and the registry's app/controllers/api/v1/attestations_controller.rb.
"""

from collections.abc import Iterator
from dataclasses import replace

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
from bot.packages.versions import Package, PackageFile, PackageVersion

API = ("api", "v1")


def _first_request(package: Package) -> RegistryQuery:
    return RegistryQuery("web", (*API, "versions", f"{package.name}.json"))


def _read_versions(client: PackageClient, response: RegistryResponse, _: PreviousVersions) -> Iterator[PackageVersion]:
    by_number: dict[str, list[StrictJson]] = {}
    for entry in parse_strict_json(response.content).items():
        by_number.setdefault(entry.get("number").get_text(), []).append(entry)
    for number, platforms in reversed(by_number.items()):  # the registry tells the newest first
        moments = [moment for each in platforms if (moment := each.get("created_at").get_datetime())]
        files = tuple(_parse_file(client.package, number, each) for each in platforms)
        yield PackageVersion(client.package, number, published_at=min(moments, default=None), files=files)


def _parse_file(package: Package, number: str, entry: StrictJson) -> PackageFile:
    platform = entry.get("platform").get_optional_text() or "ruby"
    name = f"{package.name}-{number}" + ("" if platform == "ruby" else f"-{platform}")
    digest = entry.get("sha").get_optional_text()
    return PackageFile(f"{name}.gem", {"sha256": digest} if digest else {}, entry.get("created_at").get_datetime())


def _read_details(client: PackageClient, version: PackageVersion) -> PackageVersion:
    """Say whether each of its files has attestations."""
    offered = {name for name, _ in _read_provenance(client, version)}
    return replace(version, has_provenance=all(file.name in offered for file in version.files))


def _read_owners(client: PackageClient, _: RegistryResponse) -> MaybeKnown[AccountRoles]:
    found = client.get_json(RegistryQuery("web", (*API, "gems", client.package.name, "owners.json")))
    if found is None:
        return Unknown(f"who may publish {client.package}", "the registry did not tell")
    return Known({_owner_name(owner): owner.get("role").get_optional_text() or "" for owner in found.items()})


def _owner_name(owner: StrictJson) -> str:
    return owner.get("handle").get_optional_text() or f"number {owner.get('id').get_integer()}"


def _read_provenance(client: PackageClient, version: PackageVersion) -> Iterator[tuple[str, bytes]]:
    for file in version.files:
        answer = client.send(RegistryQuery("web", (*API, "attestations", f"{file.name.removesuffix('.gem')}.json")))
        if answer.exists and any(parse_strict_json(answer.content).items()):
            yield file.name, answer.content


CLIENT = RegistryClient(
    first_request=_first_request,
    read_versions=_read_versions,
    read_details=_read_details,
    max_details=5,
    read_owners=_read_owners,
    separate_owners_request=True,
    read_provenance=_read_provenance,
)
