"""Looks into answers strictly: what is not of the documented kind is an error that names the place, never guessed."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

MOST = 100_000  # items of one list or object
LONGEST = 4096  # characters of one text that is kept


class ShapeError(Exception):
    """An answer that is not as the registry documents; the text says where."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A part of a JSON answer, and the way to it for the error's sake."""

    value: Any
    way: str = "the answer"

    def at(self, key: str) -> "Shape":
        """Return what stands behind a key; null where it is not there. Raises ShapeError when this is no object."""
        if not isinstance(self.value, dict):
            raise ShapeError(f"{self.way} is no object")
        return Shape(self.value.get(key), f"{self.way}.{key}"[:200])

    def items(self) -> "Iterator[Shape]":
        """Yield the items of a list."""
        if not isinstance(self.value, list) or len(self.value) > MOST:
            raise ShapeError(f"{self.way} is no list, or one of more than {MOST} items")
        return (Shape(value, f"{self.way}[{index}]"[:200]) for index, value in enumerate(self.value))

    def entries(self) -> "Mapping[str, Shape]":
        """Return the entries of an object by their keys."""
        if not isinstance(self.value, dict) or len(self.value) > MOST:
            raise ShapeError(f"{self.way} is no object, or one of more than {MOST} entries")
        return {key: Shape(value, f"{self.way}.{key}"[:200]) for key, value in self.value.items()}

    @property
    def there(self) -> bool:
        """Whether it is anything but null."""
        return self.value is not None

    def text(self) -> str:
        """Return a text that can be shown: printable, and not long."""
        if not isinstance(self.value, str) or not self.value.isprintable() or len(self.value) > LONGEST:
            raise ShapeError(f"{self.way} is no plain text")
        return self.value

    def maybe(self) -> str | None:
        """Return a text, None where there is none or an empty one."""
        return (self.text() or None) if self.there else None

    def flag(self) -> bool:
        """Return whether it is true; what is not there is not."""
        if not isinstance(self.value, bool | None):
            raise ShapeError(f"{self.way} is neither true nor false")
        return bool(self.value)

    def number(self) -> int:
        """Return a whole number, also one that is written as a text."""
        if isinstance(self.value, str) and self.value.isascii() and self.value.isdigit() and len(self.value) <= 18:  # noqa: PLR2004 - fits 64 bits
            return int(self.value)
        if not isinstance(self.value, int) or isinstance(self.value, bool) or abs(self.value) >= 2**63:
            raise ShapeError(f"{self.way} is no whole number")
        return self.value

    def moment(self) -> datetime | None:
        """Return a moment, None where there is none; without a zone it is UTC."""
        if not self.there:
            return None
        try:
            found = datetime.fromisoformat(self.text())
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            raise ShapeError(f"{self.way} is no date and time") from None


def shape(content: bytes) -> Shape:
    """Read JSON; raises ShapeError when it is none."""
    try:
        return Shape(json.loads(content))
    except (ValueError, RecursionError):
        raise ShapeError("the answer is not JSON; is a proxy between?") from None
