"""What a script writes into $GITHUB_ENV and $GITHUB_OUTPUT, and says in workflow commands, for later steps to read.

The format is GitHub's: `NAME=value` on a line, or `NAME<<DELIMITER`, lines, `DELIMITER`.
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

import re
from collections.abc import Iterator

from bot.shell.script import Hole, HoleKind, Part, Value, Word
from bot.shell.words import tidy, unite

FILES = ("GITHUB_ENV", "GITHUB_OUTPUT")
_NAME = re.compile(r"\s*([A-Za-z_][\w.-]*)(=|<<)")
_COMMAND = re.compile(r"::set-(output|env) name=([A-Za-z_][\w.-]*)::")
_MAX_LINES = 200


def _lines(value: Value) -> list[list[Part]]:
    """Split a value into lines, its holes kept in place."""
    lines: list[list[Part]] = [[]]
    for part in value:
        if isinstance(part, Hole):
            lines[-1].append(part)
            continue
        first, *rest = part.split("\n")
        lines[-1].append(first)
        lines += ([one] for one in rest)
    return lines[:_MAX_LINES]


def _read(value: Value) -> Iterator[tuple[str, Value]]:
    """Yield the assignments of one possible text."""
    name: str | None = None
    delimiter: Value = ()
    kept: list[Part] = []
    for line in _lines(value):
        if name is not None:
            if tidy(line) == delimiter:
                yield name, tidy(kept[1:])
                name = None
            else:
                kept += ["\n", *line]
            continue
        head = line[0] if line else ""
        found = _NAME.match(head) if isinstance(head, str) else None
        if found and isinstance(head, str):
            rest = tidy([head[found.end() :], *line[1:]])
            if found[2] == "=":
                yield found[1], rest
            else:
                name, delimiter, kept = found[1], rest, []


def read_assignments(content: Word) -> list[tuple[str, Word]]:
    """Read what a later step will find, each name once, with all its possible values."""
    found: dict[str, list[Value]] = {}
    for value in content.values:
        for name, one in _read(value):
            found.setdefault(name, []).append(one)
    return [(name, _word(content, values, alone=len(found) == 1)) for name, values in found.items()]


def _word(content: Word, values: list[Value], *, alone: bool) -> Word:
    """Make a word of values; of a text with several assignments only its own holes are its origin."""
    united = unite(values)
    if alone:
        return Word(content.text, united, content.variables, content.expressions)
    holes = [part for value in united for part in value if isinstance(part, Hole)]
    return Word(
        content.text,
        united,
        frozenset(hole.name for hole in holes if hole.kind is HoleKind.VARIABLE),
        frozenset(hole.name for hole in holes if hole.kind is HoleKind.EXPRESSION),
    )


def read_workflow_command(content: Word) -> tuple[str, str, Word] | None:
    """Read `::set-output name=X::value` (or set-env): which of the two, the name, the value."""
    head = content.values[0][0] if content.values[0] else ""
    found = _COMMAND.match(head) if isinstance(head, str) else None
    if not found:
        return None
    rest = tidy([head[found.end() :], *content.values[0][1:]])  # type: ignore[index]  # a match means that it is text
    return found[1], found[2], Word(content.text, (rest,), content.variables, content.expressions)
