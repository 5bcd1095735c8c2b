"""What a manifest tells: a package of a kind of registry, by its name."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from bot.registries import Catalog

MAX_VERSION_LENGTH = 100  # characters of a version
# As semantic-release, release-please and setuptools-scm want it or leave it: 0.0.0, 0.0.0-development, 0.0.0.dev0.
_PLACEHOLDER_VERSION = re.compile(r"0(?:\.0)+(?:[-.+]?[A-Za-z][\w.+-]*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ManifestPackage:
    """The name of a package, and the registry that a tool sends it to when nothing else is said."""

    registry: str
    name: str
    version: str | None = None  # the version that it says; None: it says none, or something else computes it


# Reads one manifest by its path; raises UnreadableError where it names a package that cannot be told.
ManifestReader: TypeAlias = Callable[[str, str, Catalog], Iterator[ManifestPackage]]


def literal_version(value: object) -> str | None:
    """Return a version where one is given as a plain text; none where it only holds the place of one that a tool computes."""
    plain = isinstance(value, str) and 0 < len(value) <= MAX_VERSION_LENGTH and value.isprintable()
    return value if isinstance(value, str) and plain and not _PLACEHOLDER_VERSION.fullmatch(value) else None


def as_object(value: object) -> Mapping[str, object]:
    """Return an object, an empty one where there is none."""
    return value if isinstance(value, dict) else {}
