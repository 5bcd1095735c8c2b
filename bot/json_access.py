"""Reads typed values from untrusted JSON; missing or mistyped values count as absent."""

from collections.abc import Mapping, Sequence
from datetime import datetime

MAX_SAFE_INTEGER = 2**53  # GitHub's numbers are JavaScript's

JsonObject = Mapping[str, object]
EMPTY_OBJECT: JsonObject = {}


def get_value(value: object, *keys: str) -> object:
    """Return what stands behind keys inside each other, or None."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def get_object(value: object, *keys: str) -> JsonObject:
    """Return an object, an empty one where there is none."""
    found = get_value(value, *keys)
    return found if isinstance(found, Mapping) else EMPTY_OBJECT


def get_objects(value: object, *keys: str) -> tuple[JsonObject, ...]:
    """Return the objects of a list."""
    found = get_value(value, *keys)
    if not isinstance(found, Sequence) or isinstance(found, str):
        return ()
    return tuple(item for item in found if isinstance(item, Mapping))


def get_str(value: object, *keys: str) -> str:
    """Return a text, an empty one where there is none."""
    found = get_value(value, *keys)
    return found if isinstance(found, str) else ""


def get_strings(value: object, *keys: str) -> tuple[str, ...]:
    """Return the texts of a list."""
    found = get_value(value, *keys)
    return tuple(item for item in found if isinstance(item, str)) if isinstance(found, list) else ()


def get_int(value: object, *keys: str) -> int:
    """Return a whole number, 0 where there is none: GitHub numbers nothing 0."""
    found = get_value(value, *keys)
    return found if isinstance(found, int) and not isinstance(found, bool) and abs(found) < MAX_SAFE_INTEGER else 0


def get_datetime(value: object, *keys: str) -> datetime | None:
    """Return a moment with its time zone, None where there is none."""
    try:
        found = datetime.fromisoformat(get_str(value, *keys))
    except ValueError:
        return None
    return found if found.tzinfo else None


def get_bool(value: object, *keys: str) -> bool:
    """Return whether something is plainly true."""
    return get_value(value, *keys) is True
