"""Looks into answers strictly: what is not of the documented kind is an error that names the place, never guessed."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

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
