"""Reads the versions, owners and provenance that a registry reports for a package."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.model.core_types import RegistryId
from bot.model.findings import Known, Unknown
from bot.packages.clients import REGISTRY_CLIENTS
from bot.packages.clients.registry_client import PackageClient, PreviousVersions, RegistryClient, UnexpectedFormatError
from bot.packages.http_client import (
    RegistryHttpClient,
    RegistryResponse,
    RegistryResponseError,
    RegistryUnreachableError,
)
from bot.packages.versions import (
    TOKEN_SETTING_NOT_TOLD,
    FetchedListing,
    ListingResult,
    Package,
    PackageListing,
    PackageNotFound,
    PackageVersion,
    PublisherKind,
    UnchangedListing,
)

MAX_VERSIONS = 2000  # the newest; more is history that nobody waits for
OWNERS_INTERVAL = timedelta(hours=6)  # where they stand at another address; they are also read with each new version
MAX_NAME_LENGTH = 512  # characters; the longest that a registry of the catalog takes is npm's 214
NOT_MODIFIED = 304


def read_listing(
    http_client: RegistryHttpClient, package: Package, previous: FetchedListing | None = None, *, now: datetime
) -> ListingResult:
    """Ask a registry for a package, conditionally where `known` is what the last reading gave.

    Returns Known when there is something new, Unchanged when not, NotThere when the registry has no such package. Raises
    RegistryUnreachableError (an outage or a limit: try again after its `retry_after` seconds) and RegistryAnswerError (an
    answer that cannot be used, or a registry that cannot be asked).
    """
    reader = REGISTRY_CLIENTS.get(package.registry)
    if reader is None:
        raise RegistryResponseError(package.registry, "is no registry whose versions we can read")
    if not package.name.isprintable() or not 0 < len(package.name) <= MAX_NAME_LENGTH:
        raise RegistryResponseError(package.registry, "has no package of a name like that")
    line = PackageClient(http_client, package, reader.renew_token)
    try:
        return _fetch_listing(reader, line, previous, now)
    except UnexpectedFormatError as error:
        message = f"answers about {package.name[:200]} in a form that it does not document: {error}"
        raise RegistryResponseError(package.registry, message) from None


def _fetch_listing(
    registry_client: RegistryClient, client: PackageClient, previous: FetchedListing | None, now: datetime
) -> ListingResult:
    request = registry_client.first_request(client.package)
    answer = client.send(replace(request, validator=previous.validator if previous else None))
    if not answer.exists:
        return PackageNotFound(client.package)
    same = answer.status == NOT_MODIFIED
    if not same:
        versions = _read_versions(registry_client, client, answer, previous)
    elif previous is not None:
        versions = previous.listing.versions
    else:
        raise UnexpectedFormatError("it says that nothing changed, though nothing was known")
    if previous and _can_keep_owners(registry_client, previous, versions, now, same=same):
        access, owners_read = previous.listing, previous.owners_read_at
    else:
        access, owners_read = _read_access(registry_client, client, answer, previous, now)
    listing = replace(access, versions=versions)
    validator = previous.validator if previous and same else answer.validator
    fresh = FetchedListing(listing, owners_read, validator)
    return UnchangedListing(fresh) if previous and listing == previous.listing else fresh


def _can_keep_owners(
    registry_client: RegistryClient,
    previous: FetchedListing,
    versions: tuple[PackageVersion, ...],
    now: datetime,
    *,
    same: bool,
) -> bool:
    """Whether nobody has to be asked who may publish: the answer told nothing new, or it is not yet time to ask elsewhere."""
    if not registry_client.separate_owners_request:
        return same
    return versions == previous.listing.versions and now - previous.owners_read_at < OWNERS_INTERVAL


def _read_versions(
    registry_client: RegistryClient, client: PackageClient, response: RegistryResponse, previous: FetchedListing | None
) -> tuple[PackageVersion, ...]:
    old: PreviousVersions = {version.number: version for version in previous.listing.versions} if previous else {}
    listed = {version.number: version for version in registry_client.read_versions(client, response, old)}
    newest = _newest(list(listed.values()))
    new = [version.number for version in newest if version.number not in old]
    detailed = set(new[-registry_client.max_details :]) if registry_client.read_details else set()
    versions: list[PackageVersion] = []
    for version in newest:
        if version.number in old:
            versions.append(_merge_with_previous(version, old[version.number]))
        elif registry_client.read_details is not None and version.number in detailed:
            versions.append(registry_client.read_details(client, version))
        else:
            versions.append(version)
    return tuple(versions)


def _newest(versions: list[PackageVersion]) -> list[PackageVersion]:
    """Return the newest, oldest first: by their dates if all have one, otherwise as the registry sorts them."""
    dated = [(version.published_at, version) for version in versions if version.published_at is not None]
    if len(dated) == len(versions):
        versions = [version for _, version in sorted(dated, key=lambda pair: pair[0])]
    return versions[-MAX_VERSIONS:]


def _merge_with_previous(version: PackageVersion, previous: PackageVersion) -> PackageVersion:
    """Keep of the last reading what this one was not told; who sent it is told anew where a file came without provenance."""
    publisher_unknown = version.publisher_kind is PublisherKind.UNKNOWN and version.has_provenance in (
        None,
        previous.has_provenance,
    )
    return replace(
        version,
        published_at=version.published_at or previous.published_at,
        publisher_kind=previous.publisher_kind if publisher_unknown else version.publisher_kind,
        published_by=version.published_by or previous.published_by,
        workload=version.workload or previous.workload,
        files=version.files or previous.files,
        has_provenance=previous.has_provenance if version.has_provenance is None else version.has_provenance,
        commit=version.commit or previous.commit,
    )


def _read_access(
    registry_client: RegistryClient,
    client: PackageClient,
    response: RegistryResponse,
    previous: FetchedListing | None,
    now: datetime,
) -> tuple[PackageListing, datetime]:
    """Read who may publish and how; that this cannot be read keeps nobody from seeing the versions."""
    package = client.package
    try:
        roles = registry_client.read_owners(client, response)
        refused = registry_client.read_tokens_refused
        tokens_refused = refused(client) if refused else TOKEN_SETTING_NOT_TOLD
    except (RegistryUnreachableError, RegistryResponseError) as error:
        if previous is not None:
            return previous.listing, previous.owners_read_at  # asked again with the next reading
        nobody_knows = Unknown(f"who may publish {package}", str(error))
        return PackageListing(package, (), nobody_knows), now - OWNERS_INTERVAL
    if isinstance(roles, Unknown):
        return PackageListing(package, (), roles, tokens_refused=tokens_refused), now
    names = tuple(sorted(roles.value))
    told = {name: role for name, role in roles.value.items() if role}
    return PackageListing(package, (), Known(names), told, tokens_refused), now


@dataclass(frozen=True, slots=True)
class RegistryProvenance:
    """What a registry offers as provenance of one version: the answers as they came, unverified JSON."""

    registry: RegistryId  # its form is the registry's: PyPI's integrity API, npm's attestations, RubyGems' bundles
    documents: tuple[tuple[str, bytes], ...]  # the name of the file that it is about, and the JSON


def read_provenance(http_client: RegistryHttpClient, version: PackageVersion) -> RegistryProvenance | None:
    """Ask for the provenance of a version; None where the registry has none of it, or offers none of anything.

    Raises RegistryUnreachableError and RegistryAnswerError as `read_listing` does.
    """
    registry = version.package.registry
    reader = REGISTRY_CLIENTS.get(registry)
    if reader is None or reader.read_provenance is None:
        return None
    try:
        texts = tuple(reader.read_provenance(PackageClient(http_client, version.package, reader.renew_token), version))
    except UnexpectedFormatError as error:
        message = f"answers about the provenance of {version.package.name} {version.number} in another form: {error}"
        raise RegistryResponseError(registry, message) from None
    return RegistryProvenance(registry, texts) if texts else None


def supports_provenance(registry: RegistryId) -> bool:
    """Whether a registry has provenance to offer of what it is sent, if it is signed."""
    reader = REGISTRY_CLIENTS.get(registry)
    return reader is not None and reader.read_provenance is not None
