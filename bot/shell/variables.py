"""What the shell remembers while a script runs: variables, exports, functions, the folder, files it wrote."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from bot.shell.script import NO_WORDS, Word, WordsByName
from bot.shell.words import literal_word, merge_words

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
        self._changes.append(before)
        try:
            yield after
        finally:
            self._changes.pop()
            for name, old in before.items():
                if not discard:
                    after[name] = self.bindings.get(name)
                self.bindings[name] = old
                if name in self.exported:
                    self._environment = None

    def merge_branches(self, branches: list[VariableChanges], *, exhaustive: bool) -> None:
        """Merge branches of which one ran, or perhaps none unless they are exhaustive."""
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
