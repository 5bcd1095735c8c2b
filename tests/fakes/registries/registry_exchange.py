"""One question to a stand-in and its reply, before and after HTTP."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias

from tests.fakes.registries.registries_world import World


@dataclass(frozen=True)
class Question:
    """One request: the path behind the registry's name, as it was written, and decoded only part by part."""

    registry: str
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]  # names in lower case
    parts: Mapping[str, str] = field(default_factory=dict)  # of the path, by the names in its route


@dataclass(frozen=True)
class Reply:
    """One answer. `validated`: it carries an ETag, and is not sent again to whoever has it."""

    status: int = 200
    body: object = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = "application/json"
    validated: bool = False

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Route: TypeAlias = tuple[str, Callable[[World, Question], Reply]]


def not_found(body: object = b"Not Found") -> Reply:
    """What is not there."""
    return Reply(404, body)


def stamp(moment: datetime) -> str:
    """A moment as most registries write it: to the millisecond, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
