"""Reads versions from the crates.io index, and the publishers of the newest 100 from its API.

doc.rust-lang.org/cargo/reference/registry-index.html

The API follows the openapi.json of crates.io, which marks `trustpub_data` as unstable.
"""

from collections.abc import Iterator, Mapping

from bot.model.core_types import FullName, Sha
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
from bot.packages.versions import Package, PackageFile, PackageVersion, PublisherKind, Workload

API = ("api", "v1", "crates")
SHORT_NAME_LENGTH = 3  # letters: names up to this long lie in a folder that is named for their length


def _first_request(package: Package) -> RegistryQuery:
    name = package.name.lower()
    folders: tuple[str, ...] = (name[:2], name[2:4])
    if len(name) <= SHORT_NAME_LENGTH:
        folders = (str(len(name)), name[:1]) if len(name) == SHORT_NAME_LENGTH else (str(len(name)),)
    return RegistryQuery("index", (*folders, name), accept="text/plain")


def _read_versions(client: PackageClient, response: RegistryResponse, _: PreviousVersions) -> Iterator[PackageVersion]:
    published = _read_published_versions(client)
    for row in response.content.splitlines():
        if row.strip():
            yield _parse_version(client.package, parse_strict_json(row), published)


def _parse_version(package: Package, entry: StrictJson, published: Mapping[str, StrictJson]) -> PackageVersion:
    number = entry.get("vers").get_text()
    file = PackageFile(f"{package.name}-{number}.crate", {"sha256": entry.get("cksum").get_text()})
    withdrawn = entry.get("yanked").get_flag()
    details = published.get(number)
    if details is None:
        return PackageVersion(package, number, None, files=(file,), withdrawn=withdrawn)
    publisher, person = details.get("trustpub_data"), details.get("published_by")
    sender = PublisherKind.UNKNOWN
    if publisher.exists:
        sender = PublisherKind.TRUSTED_PUBLISHER
    elif person.exists:
        sender = PublisherKind.ACCOUNT
    workload = _parse_workload(publisher) if publisher.exists else None
    return PackageVersion(
        package,
        number,
        published_at=details.get("created_at").get_datetime(),
        publisher_kind=sender,
        published_by=person.get("login").get_text() if person.exists else None,
        workload=workload,
        files=(file,),
        commit=workload.commit if workload else None,
        withdrawn=withdrawn,
    )


def _parse_workload(publisher: StrictJson) -> Workload | None:
    if publisher.get("provider").get_text() != "github":
        return None  # another forge's run: we know none of its words
    return Workload(
        repository=FullName(publisher.get("repository").get_text()),
        run=publisher.get("run_id").get_integer(),
        commit=Sha(publisher.get("sha").get_text()),
    )


def _read_published_versions(client: PackageClient) -> Mapping[str, StrictJson]:
    """Return what the API tells of the newest hundred versions, by number."""
    ask = RegistryQuery("web", (*API, client.package.name, "versions"), {"per_page": 100, "sort": "date"})
    found = client.get_json(ask)
    if found is None:
        raise UnexpectedFormatError("the index has the crate and the API does not")
    return {version.get("num").get_text(): version for version in found.get("versions").items()}


def _read_owners(client: PackageClient, _: RegistryResponse) -> MaybeKnown[AccountRoles]:
    found = client.get_json(RegistryQuery("web", (*API, client.package.name, "owners")))
    if found is None:
        return Unknown(f"who may publish {client.package}", "the registry did not tell")
    return Known({owner.get("login").get_text(): owner.get("kind").get_text() for owner in found.get("users").items()})


def _read_tokens_refused(client: PackageClient) -> MaybeKnown[bool]:
    """Say whether the crate's setting `trustpub_only` is on: crates.io, src/controllers/krate/publish.rs."""
    found = client.get_json(RegistryQuery("web", (*API, client.package.name), {"include": "default_version"}))
    setting = found.get("crate").get("trustpub_only") if found else None
    if setting is None or not setting.exists:
        return Unknown(f"whether {client.package} refuses tokens", "the registry did not tell")
    return Known(setting.get_flag())


CLIENT = RegistryClient(
    first_request=_first_request,
    read_versions=_read_versions,
    read_owners=_read_owners,
    read_tokens_refused=_read_tokens_refused,
    separate_owners_request=True,
)
