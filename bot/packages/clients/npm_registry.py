"""Reads versions from npm with their publish times, publishers and attestations.

github.com/npm/registry, docs/responses/package-metadata.md. The abbreviated form has no times, so it is not used.

The contents of `_npmUser.trustedPublisher` were observed in responses.

`_npmUser.approver` is who approved a staged version (pnpm/pnpm, pull request 12056).

`_npmUser` can then be that person too, whoever published the version (pnpm/pnpm, issue 11887).
"""

from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Iterator
from dataclasses import replace

from bot.model.core_types import Sha
from bot.model.findings import Known, MaybeKnown
from bot.packages.clients.registry_client import (
    AccountRoles,
    PackageClient,
    PreviousVersions,
    RegistryClient,
    StrictJson,
    UnexpectedFormatError,
    parse_strict_json,
)
from bot.packages.http_client import RegistryQuery, RegistryResponse
from bot.packages.versions import Package, PackageFile, PackageVersion, PublisherKind


def _first_request(package: Package) -> RegistryQuery:
    return RegistryQuery("registry", (package.name,))


def _read_versions(
    client: PackageClient, response: RegistryResponse, previous: PreviousVersions
) -> Iterator[PackageVersion]:
    packument = parse_strict_json(response.content)
    if not packument.get("versions").exists:
        return  # all of it was unpublished; only its times are left
    times = packument.get("time").entries()
    for number, entry in packument.get("versions").entries().items():
        sent_by, dist = entry.get("_npmUser"), entry.get("dist")
        yield PackageVersion(
            client.package,
            StrictJson(number).get_text(),
            published_at=times[number].get_datetime() if number in times else None,
            publisher_kind=_publisher_kind(sent_by),
            published_by=sent_by.get("name").get_optional_text() if sent_by.exists else None,
            files=_parse_files(client.package, number, dist),
            has_provenance=_has_provenance(dist, sent_by),
            commit=Sha(commit) if (commit := entry.get("gitHead").get_optional_text()) else None,
            staged=sent_by.exists and sent_by.get("approver").exists,
            withdrawn=isinstance(entry.get("deprecated").value, str) and entry.get("deprecated").value != "",
        )

    yield from _removed_versions(client.package, packument, previous)


NOT_VERSIONS = ("created", "modified", "unpublished")  # beside the numbers in `time`


def _removed_versions(package: Package, packument: StrictJson, previous: PreviousVersions) -> Iterator[PackageVersion]:
    """Yield the versions that were unpublished: their times stay, so one that came and went between two looks is seen."""
    listed = packument.get("versions").entries()
    for number, time in packument.get("time").entries().items():
        if number not in listed and number not in NOT_VERSIONS:
            removed = PackageVersion(package, StrictJson(number).get_text(), time.get_datetime())
            yield replace(previous.get(number, removed), withdrawn=True)


def _has_provenance(dist: StrictJson, npm_user: StrictJson) -> bool | None:
    """Whether a version has attestations; None where a proxy answers, which drops them and `_npmUser` with them."""
    if dist.get("attestations").exists:
        return True
    return False if npm_user.exists else None


def _publisher_kind(npm_user: StrictJson) -> PublisherKind:
    if not npm_user.exists:
        return PublisherKind.UNKNOWN
    if npm_user.get("trustedPublisher").exists:
        return PublisherKind.TRUSTED_PUBLISHER
    return PublisherKind.UNKNOWN if npm_user.get("approver").exists else PublisherKind.ACCOUNT


def _parse_files(package: Package, number: str, dist: StrictJson) -> tuple[PackageFile, ...]:
    digests = {}
    if shasum := dist.get("shasum").get_optional_text():
        digests["sha1"] = shasum
    for each in (
        dist.get("integrity").get_optional_text() or ""
    ).split():  # www.w3.org/TR/sri-2: algorithm-base64, by spaces
        algorithm, _, value = each.partition("-")
        try:
            digests[algorithm] = b64decode(value, validate=True).hex()
        except (BadBase64, ValueError):
            raise UnexpectedFormatError(f"{dist.path}.integrity is no digest") from None
    return (PackageFile(f"{package.name.rpartition('/')[2]}-{number}.tgz", digests),)


def _read_owners(_: PackageClient, response: RegistryResponse) -> MaybeKnown[AccountRoles]:
    maintainers = parse_strict_json(response.content).get("maintainers")
    names = [each.get("name").get_text() for each in maintainers.items()] if maintainers.exists else []
    return Known(dict.fromkeys(names, ""))


def _read_provenance(client: PackageClient, version: PackageVersion) -> Iterator[tuple[str, bytes]]:
    answer = client.send(
        RegistryQuery("registry", ("-", "npm", "v1", "attestations", f"{client.package.name}@{version.number}"))
    )
    if answer.exists:
        yield (version.files[0].name if version.files else version.number), answer.content


CLIENT = RegistryClient(
    first_request=_first_request,
    read_versions=_read_versions,
    read_owners=_read_owners,
    read_provenance=_read_provenance,
)
