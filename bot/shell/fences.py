"""`${{ … }}` in a script: found, hidden from the grammar behind letters of the same length, and given back as values.

GitHub puts the value of an expression into the script's text before any shell sees it. A grammar, though, stumbles over the
fences, so each is masked with as many letters: every offset stays true, and words are read from the original bytes.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from bot.shell.script import Expand, Values

# A fence ends at the first `}}` outside a quoted string of the expression, as in GitHub's own lexer. Another `${{` cannot
# stand in it, which also keeps the search linear when none is ever closed.
FENCE = re.compile(r"\$\{\{((?:[^'}$]|'[^']*+'|\}(?!\})|\$(?!\{\{))*+)\}\}")
_FENCE_BYTES = re.compile(FENCE.pattern.encode())

_MAX_FENCES = 2_000
_MAX_VALUES = 16
# With one of these in it, a value changes the script's structure and has to be read in its place.
_STRUCTURE = re.compile(r"[^\w\s.,:/@%+=~^*?!\[\]-]|[\r\n]")


@dataclass(frozen=True, slots=True)
class Fence:
    """One `${{ … }}`: its bytes in the script, and what it may be."""

    start: int
    end: int
    expression: str  # between the fences, trimmed
    values: Values | None  # None when it cannot be known


@dataclass(frozen=True, slots=True)
class Source:
    """A script as bytes with its fences, sorted; `masked` is what a grammar may read."""

    original: bytes
    masked: bytes
    fences: tuple[Fence, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]  # of the lines

    def row(self, offset: int) -> int:
        """Return the 0-based row of an offset."""
        return bisect_right(self.ends, offset)

    def between(self, start: int, end: int) -> Iterator[Fence]:
        """Yield the fences that stand wholly between two offsets."""
        index = bisect_right(self.starts, start - 1)
        while index < len(self.fences) and self.fences[index].start < end:
            if self.fences[index].end <= end:
                yield self.fences[index]
            index += 1


def read_source(text: str, expand: Expand) -> Source:
    """Find the fences of a script and ask `expand` for their values."""
    original = text.encode("utf-8", "replace")
    ends = tuple(accumulate(len(line) + 1 for line in original.split(b"\n")))
    if b"${{" not in original:
        return Source(original, original, (), (), ends)
    fences: list[Fence] = []
    masked = bytearray(original)
    for match in _FENCE_BYTES.finditer(original):
        if len(fences) == _MAX_FENCES:
            break
        expression = match[1].decode("utf-8", "replace").strip()
        values = expand(expression)
        if values is not None and not 0 < len(values) <= _MAX_VALUES:
            values = None
        fences.append(Fence(match.start(), match.end(), expression, values))
        masked[match.start() : match.end()] = b"w" * (match.end() - match.start())
    return Source(original, bytes(masked), tuple(fences), tuple(fence.start for fence in fences), ends)


def structural(source: Source) -> Fence | None:
    """Return the first fence that may bring quotes, operators or lines with it, or None."""
    for fence in source.fences:
        if fence.values is not None and any(_STRUCTURE.search(value) for value in fence.values):
            return fence
    return None
