"""One question to a stand-in and its reply, before and after HTTP."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias

from tests.fakes.registries.registries_world import RegistriesWorld


@dataclass(frozen=True)
class RegistryRequest:
    """One request: the path behind the registry's name, as it was written, and decoded only part by part."""

    registry: str
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]  # names in lower case
    parts: Mapping[str, str] = field(default_factory=dict)  # of the path, by the names in its route


@dataclass(frozen=True)
class RegistryReply:
    """One answer. `validated`: it carries an ETag, and is not sent again to whoever has it."""

    status: int = 200
    body: object = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = "application/json"
    validated: bool = False

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Route: TypeAlias = tuple[str, Callable[[RegistriesWorld, RegistryRequest], RegistryReply]]


def not_found(body: object = b"Not Found") -> RegistryReply:
    """What is not there."""
    return RegistryReply(404, body)


def timestamp(time: datetime) -> str:
    """A moment as most registries write it: to the millisecond, in UTC."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
