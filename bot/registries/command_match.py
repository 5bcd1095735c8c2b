"""Matches command lines against the known publish commands of registries."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from bot.model.core_types import RegistryId
from bot.registries.registry import CommandFact

_SHELLS = ("sh", "bash", "zsh")  # that run a tool's own script in the repository

MatchedFact = tuple[RegistryId | None, CommandFact, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class _CommandEntry:
    """A fact with its words as choices."""

    registry: RegistryId | None
    fact: CommandFact
    words: tuple[tuple[str, ...], ...]  # after the tool
    value_flags: frozenset[str]


@dataclass(frozen=True, slots=True)
class _CommandHit:
    """A fact that a command line matched: by which words, and what is left."""

    entry: _CommandEntry
    words: frozenset[int]
    arguments: tuple[int, ...]


class CommandMatcher:
    """Facts about commands, by the name of their tool."""

    def __init__(self, facts: Iterable[tuple[RegistryId | None, CommandFact]]) -> None:
        self._by_tool: dict[str, list[_CommandEntry]] = {}
        for registry, fact in facts:
            tools, *words = (tuple(word.split("|")) for word in fact.argv)
            flags = frozenset(fact.token_flags + fact.user_flags + fact.target_flags + fact.value_flags)
            entry = _CommandEntry(registry, fact, tuple(words), flags)
            for tool in dict.fromkeys((*tools, *map(str.lower, tools))):  # PowerShell's cmdlets are read in lower case
                self._by_tool.setdefault(tool, []).append(entry)

    def knows(self, tool: str) -> bool:
        """Whether there is a fact about any command of a tool."""
        return tool in self._by_tool

    def match(self, argv: Sequence[str]) -> Iterator[MatchedFact]:
        """Yield the facts that match most exactly; several where a command serves several registries or names several tasks.

        A fact gives way to one that matches the same words and more, and, on the same words, to one that knows its registry.
        """
        if not argv:
            return
        if argv[0] in _SHELLS and len(argv) > 1 and (tool := argv[1].rpartition("/")[2]) in self._by_tool:
            for registry, fact, arguments in self.match((tool, *argv[2:])):  # sh ./gradlew publish
                yield registry, fact, tuple(index + 1 for index in arguments)
            return
        found = [hit for entry in self._by_tool.get(argv[0], ()) if (hit := _match(entry, argv))]
        for hit in found:
            if not any(_is_overridden(hit, other) for other in found):
                yield hit.entry.registry, hit.entry.fact, hit.arguments


def _is_overridden(hit: _CommandHit, other: _CommandHit) -> bool:
    if hit.words < other.words:
        return True
    return hit.words == other.words and other.entry.fact.default and not hit.entry.fact.default


def _match(entry: _CommandEntry, argv: Sequence[str]) -> _CommandHit | None:
    plain = _arguments(argv, entry.value_flags)
    if entry.fact.anywhere:
        return _match_anywhere(entry, argv, plain)
    if len(plain) < len(entry.words):
        return None
    for index, choices in zip(plain, entry.words, strict=False):
        if not _is_one_of(argv[index], choices):
            return None
    return _CommandHit(entry, frozenset(plain[: len(entry.words)]), plain[len(entry.words) :])


def _match_anywhere(entry: _CommandEntry, argv: Sequence[str], plain: tuple[int, ...]) -> _CommandHit | None:
    used = []
    for choices in entry.words:
        where = range(1, len(argv)) if choices[0][0] in "-+/" else plain
        index = next((index for index in where if index not in used and _is_one_of(argv[index], choices)), None)
        if index is None:
            return None
        used.append(index)
    return _CommandHit(entry, frozenset(used), tuple(index for index in plain if index not in used))


def _arguments(argv: Sequence[str], value_flags: frozenset[str]) -> tuple[int, ...]:
    """Return the indices of the words that are neither flags nor their values; after `--` everything is an argument."""
    found: list[int] = []
    index = 1
    while index < len(argv):
        word = argv[index]
        if word == "--":
            found.extend(range(index + 1, len(argv)))
            break
        if word.startswith("-") and len(word) > 1:
            index += 2 if word in value_flags else 1
            continue
        if not word.startswith("+"):  # cargo +nightly publish
            found.append(index)
        index += 1
    return tuple(found)


def _is_one_of(word: str, choices: tuple[str, ...]) -> bool:
    return any(word == choice or ("*" in choice and fnmatchcase(word, choice)) for choice in choices)
