"""Looks into JSON that others wrote: what is not there, or of another kind than expected, is simply not there."""

from collections.abc import Mapping, Sequence
from datetime import datetime

LARGEST = 2**53  # GitHub's numbers are JavaScript's

Record = Mapping[str, object]
EMPTY: Record = {}


def within(value: object, *keys: str) -> object:
    """Return what stands behind keys inside each other, or None."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def record(value: object, *keys: str) -> Record:
    """Return an object, an empty one where there is none."""
    found = within(value, *keys)
    return found if isinstance(found, Mapping) else EMPTY


def records(value: object, *keys: str) -> tuple[Record, ...]:
    """Return the objects of a list."""
    found = within(value, *keys)
    if not isinstance(found, Sequence) or isinstance(found, str):
        return ()
    return tuple(item for item in found if isinstance(item, Mapping))


def text(value: object, *keys: str) -> str:
    """Return a text, an empty one where there is none."""
    found = within(value, *keys)
    return found if isinstance(found, str) else ""


def texts(value: object, *keys: str) -> tuple[str, ...]:
    """Return the texts of a list."""
    found = within(value, *keys)
    return tuple(item for item in found if isinstance(item, str)) if isinstance(found, list) else ()


def number(value: object, *keys: str) -> int:
    """Return a whole number, 0 where there is none: GitHub numbers nothing 0."""
    found = within(value, *keys)
    return found if isinstance(found, int) and not isinstance(found, bool) and abs(found) < LARGEST else 0


def moment(value: object, *keys: str) -> datetime | None:
    """Return a moment with its time zone, None where there is none."""
    try:
        found = datetime.fromisoformat(text(value, *keys))
    except ValueError:
        return None
    return found if found.tzinfo else None


def true(value: object, *keys: str) -> bool:
    """Return whether something is plainly true."""
    return within(value, *keys) is True
