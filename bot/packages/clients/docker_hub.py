"""Reads tags from Docker Hub with the time and the account of each push, without a token.

Docker Hub API reference, List repository tags. The order by newest first is the one that its website requests.

OIDC connections and organization tokens both push in the organization's name, as Docker's documentation says.

For a tag pushed in that name, the credential is therefore unknown.
"""

from collections.abc import Iterator
from dataclasses import replace

from bot.model.findings import MaybeKnown, Unknown
from bot.packages.clients.registry_client import (
    AccountRoles,
    PackageClient,
    PreviousVersions,
    RegistryClient,
    StrictJson,
    parse_strict_json,
)
from bot.packages.http_client import RegistryQuery, RegistryResponse
from bot.packages.versions import Package, PackageFile, PackageVersion, PublisherKind

PAGE_SIZE, MAX_PAGES = 100, 10


def _first_request(package: Package) -> RegistryQuery:
    owner, _, name = package.name.rpartition("/")
    return RegistryQuery(
        "web",
        ("v2", "repositories", owner or "library", name, "tags"),
        {"page_size": PAGE_SIZE, "ordering": "last_updated"},
    )


def _read_versions(
    client: PackageClient, response: RegistryResponse, previous: PreviousVersions
) -> Iterator[PackageVersion]:
    """Read from the newest down to what is as it was; that, and what is further down, is kept."""
    seen: dict[str, PackageVersion] = {}
    for number in range(1, MAX_PAGES + 1):
        page = parse_strict_json(response.content)
        found = [_parse_version(client.package, tag) for tag in page.get("results").items()]
        seen |= {version.number: version for version in found}
        if not page.get("next").exists or any(_is_unchanged(version, previous) for version in found):
            break
        first = _first_request(client.package)
        response = client.send(replace(first, query={**first.query, "page": number + 1}))
    yield from ({**previous, **seen}).values()


def _is_unchanged(version: PackageVersion, previous: PreviousVersions) -> bool:
    """Whether a tag is known and was not pushed since it was read."""
    before = previous.get(version.number)
    return before is not None and (before.published_at, before.files) == (version.published_at, version.files)


def _parse_version(package: Package, tag: StrictJson) -> PackageVersion:
    name, digest = tag.get("name").get_text(), tag.get("digest").get_optional_text()
    account = tag.get("last_updater_username").get_optional_text()
    own = account is not None and account.casefold() == package.name.rpartition("/")[0].casefold()
    return PackageVersion(
        package,
        name,
        published_at=tag.get("tag_last_pushed").get_datetime() or tag.get("last_updated").get_datetime(),
        publisher_kind=PublisherKind.ACCOUNT if account and not own else PublisherKind.UNKNOWN,
        published_by=account,
        files=(PackageFile(name, {"sha256": digest.removeprefix("sha256:")}),) if digest else (),
    )


def _read_owners(client: PackageClient, _: RegistryResponse) -> MaybeKnown[AccountRoles]:
    return Unknown(f"who may publish {client.package}", "the registry does not tell")


CLIENT = RegistryClient(first_request=_first_request, read_versions=_read_versions, read_owners=_read_owners)
