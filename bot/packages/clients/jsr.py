"""Reads versions from JSR with their publisher and their transparency log entry.

github.com/jsr-io/jsr, api/src/api/{types,scope,package}.rs

The log holds only versions that GitHub Actions published with a token for that one package.
"""

from collections.abc import Iterator

from bot.model.findings import Known, MaybeKnown, Unknown
from bot.packages.clients.registry_client import (
    AccountRoles,
    PackageClient,
    PreviousVersions,
    RegistryClient,
    UnexpectedFormatError,
    parse_strict_json,
)
from bot.packages.http_client import RegistryQuery, RegistryResponse
from bot.packages.versions import Package, PackageVersion, PublisherKind


def _scope(package: Package) -> tuple[str, str]:
    scope, slash, name = package.name.removeprefix("@").partition("/")
    if not slash:
        raise UnexpectedFormatError("the package's name is not of the form @scope/name")
    return scope, name


def _first_request(package: Package) -> RegistryQuery:
    scope, name = _scope(package)
    return RegistryQuery("api", ("scopes", scope, "packages", name, "versions"))


def _read_versions(client: PackageClient, response: RegistryResponse, _: PreviousVersions) -> Iterator[PackageVersion]:
    entries = list(parse_strict_json(response.content).items())
    for each in reversed(entries):  # the registry tells the newest first
        log, user = each.get("rekorLogId"), each.get("user")
        yield PackageVersion(
            client.package,
            each.get("version").get_text(),
            published_at=each.get("createdAt").get_datetime(),
            publisher_kind=PublisherKind.TRUSTED_PUBLISHER if log.exists else PublisherKind.UNKNOWN,
            published_by=user.get("name").get_optional_text() if user.exists else None,
            has_provenance=log.exists,
            withdrawn=each.get("yanked").get_flag(),
        )


def _read_owners(client: PackageClient, _: RegistryResponse) -> MaybeKnown[AccountRoles]:
    answer = client.send_without_token(RegistryQuery("api", ("scopes", _scope(client.package)[0], "members")))
    if answer.status != 200:  # noqa: PLR2004 - OK
        return Unknown(f"who may publish {client.package}", "the registry does not tell who is in its scope")
    return Known(
        {
            member.get("user").get("name").get_text(): "admin" if member.get("isAdmin").get_flag() else "member"
            for member in parse_strict_json(answer.content).items()
        }
    )


CLIENT = RegistryClient(
    first_request=_first_request, read_versions=_read_versions, read_owners=_read_owners, separate_owners_request=True
)
