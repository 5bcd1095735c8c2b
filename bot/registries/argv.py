"""Which known command a command line is."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from bot.names import RegistryId
from bot.registries.model import CommandFact

Match = tuple[RegistryId | None, CommandFact, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class _Entry:
    """A fact with its words as choices."""

    registry: RegistryId | None
    fact: CommandFact
    words: tuple[tuple[str, ...], ...]  # after the tool
    value_flags: frozenset[str]


class Tools:
    """Facts about commands, by the name of their tool."""

    def __init__(self, facts: Iterable[tuple[RegistryId | None, CommandFact]]) -> None:
        self._by_tool: dict[str, list[_Entry]] = {}
        for registry, fact in facts:
            tools, *words = (tuple(word.split("|")) for word in fact.argv)
            flags = frozenset(fact.token_flags + fact.user_flags + fact.target_flags + fact.value_flags)
            entry = _Entry(registry, fact, tuple(words), flags)
            for tool in tools:
                self._by_tool.setdefault(tool, []).append(entry)

    def knows(self, word: str) -> bool:
        return word in self._by_tool

    def match(self, argv: Sequence[str]) -> Iterator[Match]:
        """Yield the facts with the most words that match; several when the command serves several registries."""
        if not argv:
            return
        found = []
        for entry in self._by_tool.get(argv[0], ()):
            arguments = _match(entry, argv)
            if arguments is not None:
                found.append((entry, arguments))
        most = max((len(entry.words) for entry, _ in found), default=0)
        for entry, arguments in found:
            if len(entry.words) == most:
                yield entry.registry, entry.fact, arguments


def _match(entry: _Entry, argv: Sequence[str]) -> tuple[int, ...] | None:
    """Return the indices of the arguments after the sub-command, or None when it is another command."""
    plain = _arguments(argv, entry.value_flags)
    if entry.fact.anywhere:
        return _match_anywhere(entry, argv, plain)
    if len(plain) < len(entry.words):
        return None
    for index, choices in zip(plain, entry.words, strict=False):
        if not _is_one_of(argv[index], choices):
            return None
    return plain[len(entry.words) :]


def _match_anywhere(entry: _Entry, argv: Sequence[str], plain: tuple[int, ...]) -> tuple[int, ...] | None:
    left = list(plain)
    for choices in entry.words:
        index = next((index for index in left if _is_one_of(argv[index], choices)), None)
        if index is None:
            return None
        left.remove(index)
    return tuple(left)


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
