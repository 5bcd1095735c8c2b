"""What a manifest tells: a package of a kind of registry, by its name."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from bot.registries import Catalogue

LONGEST_NUMBER = 100  # characters of a version


@dataclass(frozen=True, slots=True)
class Told:
    """The name of a package, and the registry that a tool sends it to when nothing else is said."""

    registry: str
    name: str
    number: str | None = None  # the version that it says; None: it says none, or something else computes it


# Reads one manifest by its path; raises UnreadableError where it names a package that cannot be told.
ManifestReader: TypeAlias = Callable[[str, str, Catalogue], Iterator[Told]]


def number_in(value: object) -> str | None:
    """Return a version where one is given as a plain text."""
    return value if isinstance(value, str) and 0 < len(value) <= LONGEST_NUMBER and value.isprintable() else None


def record(value: object) -> Mapping[str, object]:
    """Return an object, an empty one where there is none."""
    return value if isinstance(value, dict) else {}
