"""Reads the tags and digests of images from an OCI registry, which reports no times or publishers.

github.com/opencontainers/distribution-spec, spec.md

The registry data names where to request anonymous tokens; the realm in a response is not used.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from bot.model.findings import MaybeKnown, Unknown
from bot.packages.clients.registry_client import (
    AccountRoles,
    PackageClient,
    PreviousVersions,
    RegistryClient,
    UnexpectedFormatError,
    parse_strict_json,
)
from bot.packages.http_client import RegistryQuery, RegistryResponse
from bot.packages.versions import Package, PackageFile, PackageVersion, version_sort_key
from bot.registries.addresses import reverse_host

PAGE_SIZE, MAX_PAGES = 1000, 20  # a registry may give fewer at once
_OCI_MEDIA_TYPE, _DOCKER_MEDIA_TYPE = "application/vnd.oci.image", "application/vnd.docker.distribution.manifest"
MANIFEST_MEDIA_TYPES = f"{_OCI_MEDIA_TYPE}.index.v1+json, {_OCI_MEDIA_TYPE}.manifest.v1+json, {_DOCKER_MEDIA_TYPE}.list.v2+json, {_DOCKER_MEDIA_TYPE}.v2+json"
_TAG_PATTERN = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_SIGNATURE_TAG_PATTERN = re.compile(
    r"sha256-[0-9a-f]{64}.*"
)  # what signs another tag, kept where referrers are not known
_DIGEST_PATTERN = re.compile(r"sha256:[0-9a-f]{64}")


def _first_request(package: Package) -> RegistryQuery:
    return RegistryQuery("registry", ("v2", *package.name.lower().split("/"), "tags", "list"), {"n": PAGE_SIZE})


def _read_versions(client: PackageClient, response: RegistryResponse, _: PreviousVersions) -> Iterator[PackageVersion]:
    tags = page = _parse_tags(response)
    for _page in range(MAX_PAGES):
        if 'rel="next"' not in response.headers.get("link", "") or not page:
            break
        first = _first_request(
            client.package
        )  # the link's own address is not called: it says where the last page ended
        response = client.send(replace(first, query={**first.query, "last": page[-1]}))
        page = _parse_tags(response)
        tags = [*tags, *page]
    else:
        raise UnexpectedFormatError(f"it has more tags than {MAX_PAGES} pages hold, and none of them says which is new")
    for tag in sorted(tags, key=version_sort_key):
        if not _SIGNATURE_TAG_PATTERN.fullmatch(tag):
            yield PackageVersion(client.package, tag, published_at=None)


def _parse_tags(response: RegistryResponse) -> list[str]:
    found = parse_strict_json(response.content).get("tags")
    tags = [tag.get_text() for tag in found.items()] if found.exists else []
    if not all(_TAG_PATTERN.fullmatch(tag) for tag in tags):
        raise UnexpectedFormatError("the list holds what is no tag")
    return tags


def _read_details(client: PackageClient, version: PackageVersion) -> PackageVersion:
    parts = ("v2", *client.package.name.lower().split("/"), "manifests", version.number)
    digest = client.send(RegistryQuery("registry", parts, accept=MANIFEST_MEDIA_TYPES, method="HEAD")).headers.get(
        "docker-content-digest", ""
    )
    if not _DIGEST_PATTERN.fullmatch(digest):
        return version
    return replace(version, files=(PackageFile(version.number, {"sha256": digest.removeprefix("sha256:")}),))


def _read_owners(client: PackageClient, _: RegistryResponse) -> MaybeKnown[AccountRoles]:
    return Unknown(f"who may publish {client.package}", "the registry does not tell")


def _fetch_token(client: PackageClient) -> str | None:
    """Fetch the token that everybody gets; None where there is nothing that everybody may see."""
    registry = client.http_client.catalogue.registries[client.package.registry]
    service = reverse_host(next(address.host for address in registry.addresses if address.key == "registry"))
    query = {"service": service, "scope": f"repository:{client.package.name.lower()}:pull"}
    answer = client.send_without_token(RegistryQuery("token", (), query))
    if answer.status != 200:  # noqa: PLR2004 - OK
        return None
    document = parse_strict_json(answer.content)
    return document.get("token").get_optional_text() or document.get("access_token").get_text()


CLIENT = RegistryClient(
    first_request=_first_request,
    read_versions=_read_versions,
    read_details=_read_details,
    read_owners=_read_owners,
    renew_token=_fetch_token,
)
