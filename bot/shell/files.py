"""What a script writes into $GITHUB_ENV and $GITHUB_OUTPUT, and says in workflow commands, for later steps to read.

The format is GitHub's: `NAME=value` on a line, or `NAME<<DELIMITER`, lines, `DELIMITER`.
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

import re
from collections.abc import Iterator

from bot.shell.script import UnknownKind, UnknownPart, Word, WordPart, WordValue
from bot.shell.words import join_pieces, unique_word_values

GITHUB_FILES = ("GITHUB_ENV", "GITHUB_OUTPUT")
_ASSIGNMENT_START = re.compile(r"\s*([A-Za-z_][\w.-]*)(=|<<)")
_SET_COMMAND = re.compile(r"::set-(output|env) name=([A-Za-z_][\w.-]*)::")
_MAX_LINES = 200


def _split_lines(value: WordValue) -> list[list[WordPart]]:
    """Split a value into lines, its holes kept in place."""
    lines: list[list[WordPart]] = [[]]
    for part in value:
        if isinstance(part, UnknownPart):
            lines[-1].append(part)
            continue
        first, *rest = part.split("\n")
        lines[-1].append(first)
        lines += ([one] for one in rest)
    return lines[:_MAX_LINES]


def _read_assignments_of(value: WordValue) -> Iterator[tuple[str, WordValue]]:
    """Yield the assignments of one possible text."""
    name: str | None = None
    delimiter: WordValue = ()
    kept: list[WordPart] = []
    for line in _split_lines(value):
        if name is not None:
            if join_pieces(line) == delimiter:
                yield name, join_pieces(kept[1:])
                name = None
            else:
                kept += ["\n", *line]
            continue
        head = line[0] if line else ""
        found = _ASSIGNMENT_START.match(head) if isinstance(head, str) else None
        if found and isinstance(head, str):
            rest = join_pieces([head[found.end() :], *line[1:]])
            if found[2] == "=":
                yield found[1], rest
            else:
                name, delimiter, kept = found[1], rest, []


def read_assignments(content: Word) -> list[tuple[str, Word]]:
    """Read what a later step will find, each name once, with all its possible values."""
    found: dict[str, list[WordValue]] = {}
    for value in content.values:
        for name, one in _read_assignments_of(value):
            found.setdefault(name, []).append(one)
    return [(name, _assigned_word(content, values, alone=len(found) == 1)) for name, values in found.items()]


def _assigned_word(content: Word, values: list[WordValue], *, alone: bool) -> Word:
    """Make a word of values; of a text with several assignments only its own holes are its origin."""
    united = unique_word_values(values)
    if alone:
        return Word(content.text, united, content.variables, content.expressions)
    holes = [part for value in united for part in value if isinstance(part, UnknownPart)]
    return Word(
        content.text,
        united,
        frozenset(hole.name for hole in holes if hole.kind is UnknownKind.VARIABLE),
        frozenset(hole.name for hole in holes if hole.kind is UnknownKind.EXPRESSION),
    )


def read_workflow_command(content: Word) -> tuple[str, str, Word] | None:
    """Read `::set-output name=X::value` (or set-env): which of the two, the name, the value."""
    head = content.values[0][0] if content.values[0] else ""
    found = _SET_COMMAND.match(head) if isinstance(head, str) else None
    if not found:
        return None
    rest = join_pieces([head[found.end() :], *content.values[0][1:]])  # type: ignore[index]  # a match means that it is text
    return found[1], found[2], Word(content.text, (rest,), content.variables, content.expressions)
