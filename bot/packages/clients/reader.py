"""What a reader of one registry is: which question comes first, and what its answer, and others, tell."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from bot.model.findings import MaybeKnown
from bot.packages.clients.registry_client import StrictJson, parse_strict_json
from bot.packages.http_client import RegistryHttpClient, RegistryQuery, RegistryResponse
from bot.packages.registry_errors import RegistryResponseError
from bot.packages.versions import Package, PackageVersion

REFUSED_STATUSES = (401, 403)


@dataclass(slots=True)
class PackageClient:
    """The telephone, held to one package of one registry; `renew` fetches a token for everybody, where one is needed."""

    http_client: RegistryHttpClient
    package: Package
    renew_token: Callable[["PackageClient"], str | None] | None = None

    def send(self, request: RegistryQuery) -> RegistryResponse:
        """Ask, with a token where the registry gives one to everybody; a refusal is an error."""
        answer = self.send_without_token(
            replace(request, token=self.http_client.anonymous_tokens.get(self.package, ""))
        )
        if answer.status in REFUSED_STATUSES and self.renew_token is not None:
            token = self.renew_token(self)
            if token is None:
                return RegistryResponse(404, b"", {})  # as good as not there: nobody may see it
            self.http_client.anonymous_tokens[self.package] = token
            answer = self.send_without_token(replace(request, token=token))
        if answer.status in REFUSED_STATUSES:
            raise RegistryResponseError(self.package.registry, f"does not let us ask about {self.package.name}")
        return answer

    def send_without_token(self, request: RegistryQuery) -> RegistryResponse:
        """Ask, whatever the answer is."""
        return self.http_client.send(self.package.registry, request)

    def get_json(self, request: RegistryQuery) -> StrictJson | None:
        """Ask for JSON; None where there is nothing."""
        answer = self.send(request)
        return parse_strict_json(answer.content) if answer.exists else None


PreviousVersions: TypeAlias = Mapping[str, PackageVersion]  # the versions of the last reading, by number


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryClient:
    """How one registry is read. What it does not tell, or nobody asks for, stays as untold as it is."""

    first_request: Callable[[Package], RegistryQuery]  # the question that is asked each time, conditionally
    read_versions: Callable[
        [PackageClient, RegistryResponse, PreviousVersions], Iterable[PackageVersion]
    ]  # oldest first, or in any order when all have a date
    read_details: Callable[[PackageClient, PackageVersion], PackageVersion] | None = (
        None  # asks more about one version that is new
    )
    max_details: int = 20  # the newest of the new, at most: a first reading meets all versions that there ever were
    read_owners: Callable[[PackageClient, RegistryResponse], MaybeKnown[tuple[str, ...]]]
    separate_owners_request: bool = False  # whether `owners` asks another address, which is not done each time
    renew_token: Callable[[PackageClient], str | None] | None = None
    read_provenance: Callable[[PackageClient, PackageVersion], Iterable[tuple[str, bytes]]] | None = (
        None  # file, and JSON as it came
    )
