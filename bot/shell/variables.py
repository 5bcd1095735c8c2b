"""Tracks shell variables and folders, and reads what a script writes to $GITHUB_ENV and $GITHUB_OUTPUT.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from bot.shell.script import (
    NO_WORDS,
    UnknownKind,
    UnknownPart,
    Word,
    WordPart,
    WordsByName,
    WordValue,
    join_pieces,
    literal_word,
    merge_words,
    unique_word_values,
)

Binding: TypeAlias = Word | tuple[Word, ...]  # a scalar or an array
VariableChanges: TypeAlias = dict[str, Binding | None]
DIRECTORY_VARIABLE = (
    "\0directory"  # stands among the variables so that branches and subshells treat it alike; no name has a NUL
)
_MAX_EXPORTS = 500


@dataclass(slots=True)
class Variables:
    """One shell's memory. A branch is walked with its own changes, which are then merged (`if`) or dropped (`( … )`)."""

    inherited: Mapping[str, Word]  # the environment that the step starts with
    bindings: dict[str, Binding | None] = field(default_factory=dict)  # None after unset
    exported: set[str] = field(default_factory=set)
    functions: dict[str, Callable[[], list[Word]]] = field(default_factory=dict)
    files: dict[str, Word] = field(default_factory=dict)  # written with known content
    positional: tuple[Word, ...] | None = None  # None: the script's own, which nobody gave
    _changes: list[VariableChanges] = field(default_factory=list)
    _environment: WordsByName | None = None
    _shifted: bool = False  # whether a branch that may run changed the script's own words

    def find(self, name: str) -> Binding | None:
        """Return what a variable holds, or None when nobody in sight has set it."""
        return self.bindings[name] if name in self.bindings else self.inherited.get(name)

    def assign(self, name: str, binding: Binding | None, *, export: bool = False) -> None:
        """Set a variable, or unset it with None; a variable that came with the environment stays exported."""
        if self._changes:
            self._changes[-1].setdefault(name, self.bindings.get(name, self.inherited.get(name)))
        self.bindings[name] = binding
        if export or name in self.inherited:
            self.export(name)
        elif name in self.exported:
            self._environment = None

    def export(self, name: str) -> None:
        if len(self.exported) < _MAX_EXPORTS:
            self.exported.add(name)
        self._environment = None

    @property
    def environment(self) -> WordsByName:
        """What the script has exported so far, beyond what it was given."""
        if not self.exported:
            return NO_WORDS
        if self._environment is None:
            found = {name: self.bindings.get(name) for name in self.exported}
            self._environment = MappingProxyType({name: word for name, word in found.items() if isinstance(word, Word)})
        return self._environment

    @contextmanager
    def branch(self, *, discard: bool = False) -> Iterator[VariableChanges]:
        """Walk a branch: after it everything is as before, and the changes hold what it set (nothing with `forget`)."""
        before: VariableChanges = {}
        after: VariableChanges = {}
        positional = self.positional
        self._changes.append(before)
        try:
            yield after
        finally:
            self._changes.pop()
            self._shifted = not discard and (self._shifted or self.positional is not positional)
            self.positional = positional
            for name, old in before.items():
                if not discard:
                    after[name] = self.bindings.get(name)
                self.bindings[name] = old
                if name in self.exported:
                    self._environment = None

    def merge_branches(self, branches: list[VariableChanges], *, exhaustive: bool) -> None:
        """Merge branches of which one ran, or perhaps none unless they are exhaustive."""
        if self._shifted:
            self.positional, self._shifted = None, False
        for name in dict.fromkeys(name for changes in branches for name in changes):
            possible = [changes[name] if name in changes else self.find(name) for changes in branches]
            if not exhaustive:
                possible.append(self.find(name))
            words = [literal_word("") if one is None else one for one in possible if not isinstance(one, tuple)]
            arrays = [one for one in possible if isinstance(one, tuple)]
            if arrays:
                self.assign(name, arrays[0])
            else:
                self.assign(name, merge_words(words) if len(words) > 1 else words[0])


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
