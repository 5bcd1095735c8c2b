"""Defines the client of one registry, and parses its responses strictly against the documented format."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeAlias

from bot.model.findings import MaybeKnown
from bot.packages.http_client import RegistryHttpClient, RegistryQuery, RegistryResponse, RegistryResponseError
from bot.packages.versions import Package, PackageVersion

MAX_ITEMS = 100_000  # items of one list or object
MAX_TEXT_LENGTH = 4096  # characters of one text that is kept


class UnexpectedFormatError(Exception):
    """An answer that is not as the registry documents; the text says where."""


@dataclass(frozen=True, slots=True)
class StrictJson:
    """A part of a JSON answer, and the way to it for the error's sake."""

    value: Any
    path: str = "the answer"

    def get(self, key: str) -> "StrictJson":
        """Return what stands behind a key; null where it is not there. Raises ShapeError when this is no object."""
        if not isinstance(self.value, dict):
            raise UnexpectedFormatError(f"{self.path} is no object")
        return StrictJson(self.value.get(key), f"{self.path}.{key}"[:200])

    def items(self) -> "Iterator[StrictJson]":
        """Yield the items of a list."""
        if not isinstance(self.value, list) or len(self.value) > MAX_ITEMS:
            raise UnexpectedFormatError(f"{self.path} is no list, or one of more than {MAX_ITEMS} items")
        return (StrictJson(value, f"{self.path}[{index}]"[:200]) for index, value in enumerate(self.value))

    def entries(self) -> "Mapping[str, StrictJson]":
        """Return the entries of an object by their keys."""
        if not isinstance(self.value, dict) or len(self.value) > MAX_ITEMS:
            raise UnexpectedFormatError(f"{self.path} is no object, or one of more than {MAX_ITEMS} entries")
        return {key: StrictJson(value, f"{self.path}.{key}"[:200]) for key, value in self.value.items()}

    @property
    def exists(self) -> bool:
        """Whether it is anything but null."""
        return self.value is not None

    def get_text(self) -> str:
        """Return a text that can be shown: printable, and not long."""
        if not isinstance(self.value, str) or not self.value.isprintable() or len(self.value) > MAX_TEXT_LENGTH:
            raise UnexpectedFormatError(f"{self.path} is no plain text")
        return self.value

    def get_optional_text(self) -> str | None:
        """Return a text, None where there is none or an empty one."""
        return (self.get_text() or None) if self.exists else None

    def get_flag(self) -> bool:
        """Return whether it is true; what is not there is not."""
        if not isinstance(self.value, bool | None):
            raise UnexpectedFormatError(f"{self.path} is neither true nor false")
        return bool(self.value)

    def get_integer(self) -> int:
        """Return a whole number, also one that is written as a text."""
        if isinstance(self.value, str) and self.value.isascii() and self.value.isdigit() and len(self.value) <= 18:  # noqa: PLR2004 - fits 64 bits
            return int(self.value)
        if not isinstance(self.value, int) or isinstance(self.value, bool) or abs(self.value) >= 2**63:
            raise UnexpectedFormatError(f"{self.path} is no whole number")
        return self.value

    def get_datetime(self) -> datetime | None:
        """Return a moment, None where there is none; without a zone it is UTC."""
        if not self.exists:
            return None
        try:
            found = datetime.fromisoformat(self.get_text())
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            raise UnexpectedFormatError(f"{self.path} is no date and time") from None


def parse_strict_json(content: bytes) -> StrictJson:
    """Read JSON; raises ShapeError when it is none."""
    try:
        return StrictJson(json.loads(content))
    except (ValueError, RecursionError):
        raise UnexpectedFormatError("the answer is not JSON; is a proxy between?") from None


REFUSED_STATUSES = (401, 403)


@dataclass(slots=True)
class PackageClient:
    """The client, held to one package of one registry; `renew` fetches a token for everybody, where one is needed."""

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


AccountRoles: TypeAlias = Mapping[str, str]  # who may publish, by name: the role, or an empty text where it is not told
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
    read_owners: Callable[[PackageClient, RegistryResponse], MaybeKnown[AccountRoles]]
    read_tokens_refused: Callable[[PackageClient], MaybeKnown[bool]] | None = (
        None  # asked with `read_owners`; None: the registry tells that nobody
    )
    separate_owners_request: bool = False  # whether `owners` asks another address, which is not done each time
    renew_token: Callable[[PackageClient], str | None] | None = None
    read_provenance: Callable[[PackageClient, PackageVersion], Iterable[tuple[str, bytes]]] | None = (
        None  # file, and JSON as it came
    )
