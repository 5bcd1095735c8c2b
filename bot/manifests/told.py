"""What a manifest tells: a package of a kind of registry, by its name."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from bot.registries import Catalogue


@dataclass(frozen=True, slots=True)
class Told:
    """The name of a package, and the registry that a tool sends it to when nothing else is said."""

    registry: str
    name: str


# Reads one manifest by its path; raises UnreadableError where it names a package that cannot be told.
ManifestReader: TypeAlias = Callable[[str, str, Catalogue], Iterator[Told]]


def record(value: object) -> Mapping[str, object]:
    """Return an object, an empty one where there is none."""
    return value if isinstance(value, dict) else {}
