"""Reads the tagged versions of a Go module and their commits from the Go module proxy.

go.dev/ref/mod#goproxy-protocol

Go has no publish step beyond the tag. The proxy's time is the commit's, not the publication's, so it is ignored.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from bot.model.core_types import Sha
from bot.model.findings import MaybeKnown, Unknown
from bot.packages.clients.registry_client import (
    AccountRoles,
    PackageClient,
    PreviousVersions,
    RegistryClient,
    UnexpectedFormatError,
)
from bot.packages.http_client import RegistryQuery, RegistryResponse
from bot.packages.versions import Package, PackageVersion, version_sort_key

_VERSION_PATTERN = re.compile(r"v\d+\.\d+\.\d+[0-9A-Za-z.+-]{0,200}")


def _escape_capitals(text: str) -> str:
    """Write capital letters as the protocol wants them."""
    return re.sub(r"[A-Z]", lambda match: f"!{match[0].lower()}", text)


def _path(package: Package, *rest: str) -> tuple[str, ...]:
    return (*_escape_capitals(package.name).split("/"), "@v", *rest)


def _first_request(package: Package) -> RegistryQuery:
    return RegistryQuery("proxy", _path(package, "list"), accept="text/plain")


def _read_versions(client: PackageClient, response: RegistryResponse, _: PreviousVersions) -> Iterator[PackageVersion]:
    numbers = response.content.decode("utf-8", "replace").split()
    for number in numbers:
        if not _VERSION_PATTERN.fullmatch(number):
            raise UnexpectedFormatError("the list holds what is no version")
    for number in sorted(numbers, key=version_sort_key):
        yield PackageVersion(client.package, number, published_at=None)


def _read_details(client: PackageClient, version: PackageVersion) -> PackageVersion:
    found = client.get_json(RegistryQuery("proxy", _path(client.package, f"{_escape_capitals(version.number)}.info")))
    origin = found.get("Origin") if found else None
    if origin is None or not origin.exists:
        return version
    commit = origin.get("Hash").get_optional_text()
    return replace(version, commit=Sha(commit) if commit else None)


def _read_owners(client: PackageClient, _: RegistryResponse) -> MaybeKnown[AccountRoles]:
    return Unknown(f"who may publish {client.package}", "whoever may push a tag to its repository")


CLIENT = RegistryClient(
    first_request=_first_request, read_versions=_read_versions, read_details=_read_details, read_owners=_read_owners
)
