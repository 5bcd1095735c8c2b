"""`${{ … }}` in a script: found, hidden from the grammar behind letters of the same length, and given back as values.

GitHub puts the value of an expression into the script's text before any shell sees it. A grammar, though, stumbles over the
fences, so each is masked with as many letters: every offset stays true, and words are read from the original bytes.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from bot.shell.script import ExpandExpression, PossibleValues

# A fence ends at the first `}}` outside a quoted string of the expression, as in GitHub's own lexer. Another `${{` cannot
# stand in it, which also keeps the search linear when none is ever closed.
EXPRESSION_PATTERN = re.compile(r"\$\{\{((?:[^'}$]|'[^']*+'|\}(?!\})|\$(?!\{\{))*+)\}\}")
_EXPRESSION_BYTES_PATTERN = re.compile(EXPRESSION_PATTERN.pattern.encode())

_MAX_EXPRESSIONS = 2_000
_MAX_EXPRESSION_VALUES = 16
# With one of these in it, a value changes the script's structure and has to be read in its place.
_STRUCTURAL_CHARACTERS = re.compile(r"[^\w\s.,:/@%+=~^*?!\[\]-]|[\r\n]")


@dataclass(frozen=True, slots=True)
class ScriptExpression:
    """One `${{ … }}`: its bytes in the script, and what it may be."""

    start: int
    end: int
    expression: str  # between the fences, trimmed
    values: PossibleValues | None  # None when it cannot be known


@dataclass(frozen=True, slots=True)
class ScriptSource:
    """A script as bytes with its fences, sorted; `masked` is what a grammar may read."""

    original: bytes
    masked: bytes
    expressions: tuple[ScriptExpression, ...]
    expression_starts: tuple[int, ...]
    line_ends: tuple[int, ...]  # of the lines

    def row(self, offset: int) -> int:
        """Return the 0-based row of an offset."""
        return bisect_right(self.line_ends, offset)

    def expressions_between(self, start: int, end: int) -> Iterator[ScriptExpression]:
        """Yield the fences that stand wholly between two offsets."""
        index = bisect_right(self.expression_starts, start - 1)
        while index < len(self.expressions) and self.expressions[index].start < end:
            if self.expressions[index].end <= end:
                yield self.expressions[index]
            index += 1


def read_source(text: str, expand: ExpandExpression) -> ScriptSource:
    """Find the fences of a script and ask `expand` for their values."""
    original = text.encode("utf-8", "replace")
    ends = tuple(accumulate(len(line) + 1 for line in original.split(b"\n")))
    if b"${{" not in original:
        return ScriptSource(original, original, (), (), ends)
    fences: list[ScriptExpression] = []
    masked = bytearray(original)
    for match in _EXPRESSION_BYTES_PATTERN.finditer(original):
        if len(fences) == _MAX_EXPRESSIONS:
            break
        expression = match[1].decode("utf-8", "replace").strip()
        values = expand(expression)
        if values is not None and not 0 < len(values) <= _MAX_EXPRESSION_VALUES:
            values = None
        fences.append(ScriptExpression(match.start(), match.end(), expression, values))
        masked[match.start() : match.end()] = b"w" * (match.end() - match.start())
    return ScriptSource(original, bytes(masked), tuple(fences), tuple(fence.start for fence in fences), ends)


def first_structural_expression(source: ScriptSource) -> ScriptExpression | None:
    """Return the first fence that may bring quotes, operators or lines with it, or None."""
    for fence in source.expressions:
        if fence.values is not None and any(_STRUCTURAL_CHARACTERS.search(value) for value in fence.values):
            return fence
    return None
