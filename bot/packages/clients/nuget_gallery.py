"""Reads versions and owners from NuGet; it does not report who pushed a version.

learn.microsoft.com/nuget/api/registration-base-url-resource and search-query-service-resource

Page URLs are built from the bounds of each page; no URL from a response is requested.
"""

from collections.abc import Iterator

from bot.model.findings import Known, MaybeKnown, Unknown
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
from bot.packages.versions import Package, PackageVersion

REGISTRATION = ("v3", "registration5-gz-semver2")
MAX_PAGES = 64  # of 64 versions each
UNLISTED_YEAR = 1900  # what it gives as the year of a version that was unlisted


def _first_request(package: Package) -> RegistryQuery:
    return RegistryQuery("api", (*REGISTRATION, package.name.lower(), "index.json"))


def _read_versions(client: PackageClient, response: RegistryResponse, _: PreviousVersions) -> Iterator[PackageVersion]:
    pages = tuple(parse_strict_json(response.content).get("items").items())
    for page in pages[-MAX_PAGES:]:
        leaves = page if page.get("items").exists else _read_page(client, page)
        for leaf in leaves.get("items").items():
            yield _parse_version(client.package, leaf.get("catalogEntry"))


def _read_page(client: PackageClient, page: StrictJson) -> StrictJson:
    bounds = (page.get("lower").get_text().lower(), page.get("upper").get_text().lower())  # addresses are lower-case
    found = client.get_json(
        RegistryQuery("api", (*REGISTRATION, client.package.name.lower(), "page", bounds[0], f"{bounds[1]}.json"))
    )
    if found is None:
        raise UnexpectedFormatError(f"{page.path} is not where it should be")
    return found


def _parse_version(package: Package, entry: StrictJson) -> PackageVersion:
    published = entry.get("published").get_datetime()
    listed = entry.get("listed")
    unlisted = published is not None and published.year == UNLISTED_YEAR
    return PackageVersion(
        package,
        entry.get("version").get_text().partition("+")[0],
        published_at=None if unlisted else published,
        withdrawn=unlisted or (listed.exists and not listed.get_flag()),
    )


def _read_owners(client: PackageClient, _: RegistryResponse) -> MaybeKnown[AccountRoles]:
    query: dict[str, str | int] = {
        "q": f"packageid:{client.package.name}",
        "prerelease": "true",
        "semVerLevel": "2.0.0",
        "take": 1,
    }
    found = client.get_json(RegistryQuery("search", ("query",), query))
    hits = tuple(found.get("data").items()) if found else ()
    owners = hits[0].get("owners") if hits else StrictJson(None)
    if isinstance(owners.value, str):  # one owner may stand alone
        return Known({owners.get_text(): ""})
    if not owners.exists:
        return Unknown(f"who may publish {client.package}", "the registry did not tell")
    return Known({owner.get_text(): "" for owner in owners.items()})


CLIENT = RegistryClient(
    first_request=_first_request, read_versions=_read_versions, read_owners=_read_owners, separate_owners_request=True
)
