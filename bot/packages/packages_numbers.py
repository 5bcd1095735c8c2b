"""An order for version numbers of registries that do not tell when a version came: numbers by size, pre-releases first."""

import re
from typing import TypeAlias

_SORT_KEY_PART = re.compile(r"\d{1,18}|[A-Za-z]+")
VersionSortKey: TypeAlias = tuple[tuple[int, int, str], ...]


def version_sort_key(number: str) -> VersionSortKey:
    """Return what a version number is sorted by: 1.10 after 1.9, and 1.0-rc.1 before 1.0."""
    head, dash, tail = number.removeprefix("v").partition("+")[0].partition("-")
    parts = [(2, int(part), "") if part.isdigit() else (0, 0, part.lower()) for part in _SORT_KEY_PART.findall(head)]
    end = (0, 0, "") if dash else (1, 0, "")
    rest = [(2, int(part), "") if part.isdigit() else (1, 0, part.lower()) for part in _SORT_KEY_PART.findall(tail)]
    return (*parts, end, *rest)
