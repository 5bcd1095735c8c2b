"""Converts immutable values to JSON and back by their types, and defines the Redis keys of watches."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

CLASS_KEY = "is"  # the key that names the class of a dataclass

JSON_TYPES = (str, int, float, bool, type(None))


def to_json_value(value: Any) -> Any:  # noqa: ANN401 - any frozen value, JSON out
    """Write a value as JSON's own kinds: dataclasses as objects without what is at its default, tuples and sets as lists.

    Raises TypeError for what is not frozen.
    """
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, JSON_TYPES):
        return value
    if isinstance(value, date):  # a datetime is one
        return value.isoformat()
    if isinstance(value, tuple | frozenset):
        return [to_json_value(item) for item in (sorted(value) if isinstance(value, frozenset) else value)]
    if isinstance(value, Mapping):
        return {to_json_value(key): to_json_value(item) for key, item in value.items()}
    if is_dataclass(value):
        return {CLASS_KEY: type(value).__name__} | {
            field.name: to_json_value(item)
            for field in fields(value)
            if (item := getattr(value, field.name)) != field.default
        }
    raise TypeError(f"a {type(value).__name__} is not a frozen value")


def from_json_value(kind: Any, value: Any) -> Any:  # noqa: ANN401 - as above
    """Read what `frozen` wrote of a value of type `kind`; raises ValueError, KeyError or TypeError where it is not of that type."""
    origin, inner = get_origin(kind), get_args(kind)
    if hasattr(kind, "__supertype__"):  # a NewType
        return from_json_value(kind.__supertype__, value)
    made = origin or kind
    if isinstance(made, type) and is_dataclass(made):
        return _read_dataclass(made, inner, value)
    if origin is not None:
        return _read_collection(origin, inner, value)
    if issubclass(made, Enum):
        return made[value]
    if issubclass(made, date):
        return made.fromisoformat(value)
    if not isinstance(value, made):
        raise TypeError(f"a {type(value).__name__} is no {made.__name__}")
    return value


def _read_collection(origin: Any, inner: tuple[Any, ...], value: Any) -> Any:  # noqa: ANN401 - as above
    """Read a union or a collection."""
    if origin in (Union, UnionType):
        return _read_union(inner, value)
    if origin in (tuple, frozenset):
        return origin(from_json_value(inner[0], item) for item in value)
    if issubclass(origin, Mapping):
        return {from_json_value(inner[0], key): from_json_value(inner[1], item) for key, item in value.items()}
    raise TypeError(f"{origin} is not a type of frozen values")


def _read_dataclass(made: Any, inner: tuple[Any, ...], value: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as above
    if not isinstance(value, dict) or value.get(CLASS_KEY) != made.__name__:
        raise ValueError(f"this is no {made.__name__}")
    kinds = _field_types(made)
    known = dict(zip(getattr(made, "__parameters__", ()), inner, strict=False))
    return made(
        **{
            name: from_json_value(_resolve_type_variable(kinds[name], known), item)
            for name, item in value.items()
            if name != CLASS_KEY
        }
    )


@cache
def _field_types(made: type[Any]) -> Mapping[str, Any]:
    """Look up the types of a class's fields; once, for it takes longer than all the rest."""
    return get_type_hints(made)


def _resolve_type_variable(kind: Any, known: Mapping[Any, Any]) -> Any:  # noqa: ANN401 - as above
    """Give the type with a generic class's own parameters filled in."""
    return known.get(kind, kind) if isinstance(kind, TypeVar) else kind


def _read_union(inner: tuple[Any, ...], value: Any) -> Any:  # noqa: ANN401 - as above
    """Read a value of one of several types: by its class where it names one, else by the first that it fits."""
    if value is None and type(None) in inner:
        return None
    for kind in (each for each in inner if each is not type(None)):
        made = get_origin(kind) or kind
        named = value.get(CLASS_KEY) if isinstance(value, dict) else None
        if named is not None and getattr(made, "__name__", "") != named:
            continue
        try:
            return from_json_value(kind, value)
        except (TypeError, ValueError, KeyError, AttributeError):
            continue
    raise ValueError("this is none of the kinds that may stand here")


PACKAGES_KEY, DUE_KEY = "wharfinger:watch:packages", "wharfinger:watch:due"
ANNOUNCED_KEY = "wharfinger:watch:announced"  # package -> when an event told of a release of which no version came yet
UNREACHABLE_KEY = "wharfinger:watch:unreachable"  # registry -> its outage
UNREPORTED_ALERTS_KEY = (
    "wharfinger:package-alerts:untold"  # "installation key" -> when GitHub is to be told, in seconds since 1970
)
