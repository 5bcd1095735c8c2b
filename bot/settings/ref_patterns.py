"""Matches refs against patterns, and finds the shortest ref that some patterns take and others do not.

Patterns are untrusted, so they are never compiled to regular expressions: each becomes a small automaton, whose matching time is
at most proportional to the pattern's length times the name's length.
"""

import re
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import lru_cache
from typing import TypeAlias

MAX_LENGTH = 1000  # characters; git's names are shorter
MAX_STEPS = 50_000  # of the automata, until a question about patterns is given up
BRANCH_PREFIX, TAG_PREFIX = "refs/heads/", "refs/tags/"

_REF_PARTS = re.compile(
    r"(?P<folders>(?:(?<=/)|^)\*\*/)|(?P<star>\*+)|\[(?P<set>[^\]]+)\]|(?P<any>\?)|\\?(?P<character>.)", re.DOTALL
)
_FILTER_PARTS = re.compile(
    r"(?P<folders>(?:(?<=/)|^)\*\*/)|(?P<all>\*\*+)|(?P<star>\*)|\[(?P<set>[^\]]+)\]|(?P<repeat>[?+])|\\?(?P<character>.)",
    re.DOTALL,
)
_RANGE = re.compile(r"(.)-(.)|(.)", re.DOTALL)
# Of characters that patterns do not tell apart, the first stands for all: a reader should see a plain name.
_READABLE = "".join(map(chr, range(ord("a"), ord("z") + 1))) + "0123456789-_./" + "".join(map(chr, range(0x21, 0x7F)))
_NAME_LETTERS, _NAME_LENGTH = "abcdefghijklmnopqrstuvwxyz-", 6
_NOT_IN_REFS = frozenset(" ~^:?*[\\\x7f") | frozenset(map(chr, range(0x20)))  # git-scm.com/docs/git-check-ref-format


class TooComplexError(ValueError):
    """A question about patterns that would take too long to answer."""


class PatternKind(Enum):
    """Who reads a pattern."""

    REF = auto()  # environments, rulesets, branch protection: Ruby's File.fnmatch with FNM_PATHNAME
    FILTER = auto()  # `branches` and `tags` of a workflow's `push`


@dataclass(frozen=True, slots=True)
class _Characters:
    """Some characters: those in the ranges, or all others where `negated`; of the slash it says so by itself."""

    ranges: tuple[tuple[str, str], ...] = ()
    negated: bool = False
    slash: bool = False

    def __contains__(self, character: str) -> bool:
        if character == "/":
            return self.slash
        return any(first <= character <= last for first, last in self.ranges) is not self.negated


_SEGMENT = _Characters(negated=True)  # any character but a slash
_ANY = _Characters(negated=True, slash=True)
_SLASH = _Characters(slash=True)


@dataclass(slots=True)
class _Automaton:
    """States from 0 on, of which the last accepts; positions are the set of states, as bits of a number."""

    edges: list[list[tuple[_Characters, int]]] = field(default_factory=lambda: [[]])
    skips: list[list[int]] = field(default_factory=lambda: [[]])  # where each state leads without a character
    _steps: dict[tuple[int, str], int] = field(default_factory=dict)

    def add(self, characters: _Characters) -> None:
        """Take one of these characters."""
        self.edges[-1].append((characters, len(self.edges)))
        self._new_state()

    def add_repeated(self, characters: _Characters) -> None:
        """Take any number of these characters."""
        self._skip_here()
        self.edges[-1].append((characters, len(self.edges) - 1))
        self._skip_here()

    def add_folders(self, characters: _Characters) -> None:
        """Take nothing, or anything of these characters that ends with a slash."""
        before = len(self.edges) - 1
        self.add_repeated(characters)
        self.add(_SLASH)
        inside = len(self.edges) - 1
        self.skips[inside].append(before)  # and once more, folder by folder
        self._skip_here()
        self.skips[before].append(len(self.edges) - 1)

    def repeat_last(self, sign: str, after: int) -> None:
        """Make the last character optional (`?`) or repeatable (`+`), as filters of workflows do; `after` is the first state."""
        last = len(self.edges) - 1
        if last == after:
            self.add(_Characters(((sign, sign),)))
        elif sign == "?":
            self.skips[last - 1].append(last)
        else:
            self.skips[last].append(last - 1)

    def start(self) -> int:
        return self._close(1)

    def step(self, positions: int, character: str) -> int:
        """Return where a character leads from some states."""
        key = (positions, character)
        if len(self._steps) > MAX_STEPS:
            self._steps.clear()
        if key not in self._steps:
            reached = 0
            for state in _bits(positions):
                for characters, target in self.edges[state]:
                    if character in characters:
                        reached |= 1 << target
            self._steps[key] = self._close(reached)
        return self._steps[key]

    def accepts(self, positions: int) -> bool:
        return bool(positions >> (len(self.edges) - 1) & 1)

    def characters(self) -> Iterator[_Characters]:
        for edges in self.edges:
            yield from (characters for characters, _ in edges)

    def _new_state(self) -> None:
        self.edges.append([])
        self.skips.append([])

    def _skip_here(self) -> None:
        self.skips[-1].append(len(self.edges))
        self._new_state()

    def _close(self, positions: int) -> int:
        """Add the states that are reached without a character."""
        waiting = list(_bits(positions))
        while waiting:
            for target in self.skips[waiting.pop()]:
                if not positions >> target & 1:
                    positions |= 1 << target
                    waiting.append(target)
        return positions


@dataclass(frozen=True, slots=True)
class RefGlob:
    """One pattern of full refs; `excludes` takes them out again. `prefix` is written before it, and means itself."""

    pattern: str
    kind: PatternKind = PatternKind.REF
    prefix: str = ""
    excludes: bool = False


@dataclass(frozen=True, slots=True)
class RefSet:
    """Some full refs (`refs/tags/v1`): for each the last pattern that takes it says whether it is among them."""

    globs: tuple[RefGlob, ...] = ()

    def __contains__(self, ref: str) -> bool:
        last = next((each for each in reversed(self.globs) if _matches(each, ref)), None)
        return last is not None and not last.excludes


EVERY_BRANCH = RefSet((RefGlob("**", PatternKind.FILTER, BRANCH_PREFIX),))
EVERY_TAG = RefSet((RefGlob("**", PatternKind.FILTER, TAG_PREFIX),))
EVERY_REF = RefSet(EVERY_BRANCH.globs + EVERY_TAG.globs)


def exact_ref(ref: str) -> RefGlob:
    """Return what takes one full ref alone, whatever is in its name."""
    return RefGlob("", prefix=ref)


def ref_matches(pattern: str, ref: str) -> bool:
    """Whether a name matches: `*` and `?` stop at a slash, `**/` goes through folders, `[ab]` is one of these.

    Ruby's File.fnmatch with FNM_PATHNAME: docs.github.com/repositories/configuring-branches-and-merges-in-your-repository
    """
    return pattern == ref or _matches(RefGlob(pattern), ref)


def shortest_ref(within: Sequence[RefSet], without: Sequence[RefSet] = ()) -> str | None:
    """Return the shortest full ref that is in all sets of `within` and in none of `without`; None where there is none.

    Raises TooComplexError where the patterns are made to take long.
    """
    return _shortest_ref(tuple(within), tuple(without))


@lru_cache(maxsize=256)  # rules ask the same of the same settings, and a repository's settings seldom change
def _shortest_ref(within: tuple[RefSet, ...], without: tuple[RefSet, ...]) -> str | None:
    search = _Search(within, without)
    seen, waiting, left = {search.start}, deque([(search.start, "")]), MAX_STEPS
    while waiting:
        state, ref = waiting.popleft()
        if search.accepts(state):
            return ref
        for character in search.alphabet if len(ref) < MAX_LENGTH else "":
            left -= 1
            reached = search.step(state, character)
            if reached is not None and reached not in seen:
                seen.add(reached)
                waiting.append((reached, ref + character))
        if left < 0:
            raise TooComplexError("the patterns are too many, or too intricate, to be compared")
    return None


@lru_cache(maxsize=256)
def share_of_names(refs: RefSet, prefix: str) -> float:
    """Return which share of the names of six small letters and hyphens is in a set; all where its patterns are too long."""
    try:
        search = _Search([refs], ())
    except TooComplexError:
        return 1.0
    state: _State | None = search.start
    for character in prefix:
        state = state and search.step(state, character)
    counts = Counter({state: 1} if state else {})
    for _ in range(_NAME_LENGTH):
        following: Counter[_State] = Counter()
        for each, count in counts.items():
            for character in _NAME_LETTERS:
                if (reached := search.step(each, character)) is not None:
                    following[reached] += count
        counts = following
    accepted = sum(count for each, count in counts.items() if search.accepts(each))
    return accepted / int(len(_NAME_LETTERS) ** _NAME_LENGTH)


_State: TypeAlias = tuple[
    tuple[int, ...], str
]  # where each automaton is, and the last character if it is one that git looks at


class _Search:
    """Reads refs by the automata of all sets at once."""

    def __init__(self, within: Sequence[RefSet], without: Sequence[RefSet]) -> None:
        self._sets = tuple((one, index < len(within)) for index, one in enumerate((*within, *without)))
        self._automata = [_compile(glob) for one, _ in self._sets for glob in one.globs]
        self.alphabet = _alphabet(self._automata)
        self.start: _State = tuple(each.start() for each in self._automata), ""

    def step(self, state: _State, character: str) -> _State | None:
        """Return where a character leads; None where no name that is wanted, or that git takes, goes on so."""
        positions, before = state
        if character in "/." and before in ("", "/", "."):  # git-scm.com/docs/git-check-ref-format
            return None
        reached = tuple(each.step(at, character) for each, at in zip(self._automata, positions, strict=True))
        at = 0
        for one, wanted in self._sets:
            if wanted and not any(reached[at : at + len(one.globs)]):
                return None
            at += len(one.globs)
        return reached, character if character in "/." else "a"

    def accepts(self, state: _State) -> bool:
        """Whether a name that ends here is in each set that it should be in, and in no other."""
        positions, before = state
        if before in ("", "/", "."):
            return False
        matched = iter([each.accepts(at) for each, at in zip(self._automata, positions, strict=True)])
        for one, wanted in self._sets:
            hits = [glob for glob in one.globs if next(matched)]
            if (bool(hits) and not hits[-1].excludes) is not wanted:
                return False
        return True


def _alphabet(automata: Iterable[_Automaton]) -> str:
    """Return one character for each kind that the automata tell apart."""
    every = list(dict.fromkeys(each for automaton in automata for each in automaton.characters()))
    edges = [
        end
        for each in every
        for pair in each.ranges
        for end in (pair[0], pair[1], chr(min(ord(pair[1]) + 1, 0x10FFFF)))
    ]
    # Between two ends no range begins or stops, so one character there answers for all.
    ends, one_each = sorted(set(edges)), dict[int, str]()
    for character in (*_READABLE, *edges):
        if character not in _NOT_IN_REFS and character not in "/.":
            one_each.setdefault(bisect_right(ends, character), character)
    found: dict[tuple[bool, ...], str] = {}
    for character in one_each.values():
        found.setdefault(tuple(character in each for each in every), character)
    return "".join(found.values()) + "/."


def _matches(pattern: RefGlob, ref: str) -> bool:
    if max(len(pattern.pattern), len(ref)) > MAX_LENGTH:
        return False
    automaton = _compile(pattern)
    at = automaton.start()
    for character in ref:
        at = automaton.step(at, character)
        if not at:
            return False
    return automaton.accepts(at)


# How a pattern is taken apart, and what its folders may hold.
_DIALECTS = {PatternKind.REF: (_REF_PARTS, _SEGMENT), PatternKind.FILTER: (_FILTER_PARTS, _ANY)}


@lru_cache(maxsize=512)
def _compile(pattern: RefGlob) -> _Automaton:
    if len(pattern.pattern) > MAX_LENGTH:
        raise TooComplexError(f"a pattern has {len(pattern.pattern):,} characters")
    found, (parts, folder) = _Automaton(), _DIALECTS[pattern.kind]
    for character in pattern.prefix:
        found.add(_literal(character))
    for part in parts.finditer(pattern.pattern):
        match part.lastgroup:
            case "folders":
                found.add_folders(folder)
            case "all":
                found.add_repeated(_ANY)
            case "star":
                found.add_repeated(_SEGMENT)
            case "any":
                found.add(_SEGMENT)
            case "set":
                found.add(_read_character_set(part["set"]))
            case "repeat":
                found.repeat_last(part["repeat"], len(pattern.prefix))
            case _:
                found.add(_literal(part["character"]))
    return found


def _literal(character: str) -> _Characters:
    return _SLASH if character == "/" else _Characters(((character, character),))


def _read_character_set(written: str) -> _Characters:
    """Read what stands in brackets; a slash is taken by none: File.fnmatch with FNM_PATHNAME."""
    negated = written[0] in "!^" and len(written) > 1
    pairs = tuple((each[1] or each[3], each[2] or each[3]) for each in _RANGE.finditer(written[negated:]))
    return _Characters(pairs, negated)


def _bits(number: int) -> Iterator[int]:
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest
