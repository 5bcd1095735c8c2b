"""The algebra of words: alternatives, fields, and what each was made from."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import product
from typing import TypeAlias

from bot.shell.fences import Source, read_source
from bot.shell.script import Expand, Hole, HoleKind, Part, Value, Values, Word

MAX_VALUES = 16  # of one word, and of one command; beyond it a hole says that there are more
MAX_WORDS = 5_000  # of one command or array
_MAX_PIECES = 2_000  # of one word
_MAX_LENGTH = 128 * 1024  # characters of one value: with them a variable that doubles itself ends
_MORE = Hole(HoleKind.OTHER, "one of many values")
_LONG: Value = (Hole(HoleKind.OTHER, "a long text"),)
_MAX_TEXT = 500  # characters of a command or hole that are kept as written


class Gap(Enum):
    """The place where the shell splits a word into two."""

    GAP = 0


Piece: TypeAlias = Part | Gap
Pieces: TypeAlias = tuple[Piece, ...]
Alternatives: TypeAlias = Sequence[Pieces]  # what a piece of text may come to, at least one

NONE: Alternatives = ((),)


@dataclass(slots=True)
class Origin:
    """Collects what a word is made from while it is read."""

    variables: set[str] = field(default_factory=set)
    expressions: set[str] = field(default_factory=set)

    def add(self, word: Word) -> None:
        self.variables |= word.variables
        self.expressions |= word.expressions


def shorten(text: str) -> str:
    """Keep the beginning of a text that is only shown."""
    return text if len(text) <= _MAX_TEXT else text[:_MAX_TEXT] + "…"


def cross(left: Alternatives, right: Alternatives) -> Alternatives:
    """Put two texts together: each alternative of one with each of the other, up to the bound."""
    if len(left[0]) > _MAX_PIECES:
        return left if left[0][-1] == _LONG[0] else [one + _LONG for one in left]
    if len(right) == 1:
        return [one + right[0] for one in left] if right[0] else left
    if len(left) * len(right) <= MAX_VALUES:
        return [one + two for one, two in product(left, right)]
    return [*(left[0] + two for two in right[: MAX_VALUES - 1]), (_MORE,)]


def unite(*many: Iterable[Value]) -> tuple[Value, ...]:
    """Unite possible values, each once, up to the bound."""
    found = tuple(dict.fromkeys(value for values in many for value in values))
    return found if len(found) <= MAX_VALUES else (*found[: MAX_VALUES - 1], (_MORE,))


def tidy(pieces: Iterable[Piece]) -> Value:
    """Make one value of pieces: neighbouring texts put together, gaps as a space."""
    value: list[Part] = []
    length = 0
    for piece in pieces:
        length += len(piece) if isinstance(piece, str) else 1
        if length > _MAX_LENGTH:
            return _LONG
        part = " " if isinstance(piece, Gap) else piece
        if isinstance(part, str) and value and isinstance(value[-1], str):
            value[-1] += part
        elif part != "":
            value.append(part)
    return tuple(value)


def fields(pieces: Pieces) -> tuple[Value, ...]:
    """Split pieces at their gaps into the words that the command will get."""
    if Gap.GAP not in pieces:
        return (tidy(pieces),) if pieces else ()
    found: list[list[Piece]] = [[]]
    for piece in pieces:
        if isinstance(piece, Gap):
            found.append([])
        else:
            found[-1].append(piece)
    return tuple(tidy(one) for one in found if one)


def split(value: Value) -> Pieces:
    """Let the shell split an unquoted expansion at white space."""
    pieces: list[Piece] = []
    for part in value:
        if isinstance(part, Hole) or not _SPACE.search(part):
            pieces += [part] if part else []
            continue
        for index, text in enumerate(_SPACE.split(part)):
            if index:
                pieces.append(Gap.GAP)
            if text:
                pieces.append(text)
    return tuple(pieces)


_SPACE = re.compile(r"\s+")


def make_word(text: str, values: Iterable[Value], origin: Origin) -> Word:
    """Make a word of values and origin."""
    return Word(text, unite(values), frozenset(origin.variables), frozenset(origin.expressions))


def plain(text: str) -> Word:
    """Make a word of a text that is known."""
    return Word(text, ((text,) if text else (),))


def unknown(kind: HoleKind, name: str, origin: Origin | None = None) -> Word:
    """Make a word of which nothing is known but where it comes from."""
    hole = Hole(kind, shorten(name))
    made = origin or Origin({name} if kind is HoleKind.VARIABLE else set())
    return make_word(str(hole), [(hole,)], made)


def merge(words: Sequence[Word], text: str = "") -> Word:
    """Make one word that may be any of several."""
    origin = Origin()
    for word in words:
        origin.add(word)
    return make_word(text or words[0].text, (value for word in words for value in word.values), origin)


def join(words: Sequence[Word], separator: str = " ") -> Word:
    """Put words together into one."""
    if len(words) == 1:
        return words[0]
    origin = Origin()
    alternatives: Alternatives = NONE
    for index, word in enumerate(words):
        origin.add(word)
        if index and separator:
            alternatives = cross(alternatives, [(separator,)])
        alternatives = cross(alternatives, word.values)
    return make_word(shorten(separator.join(word.text for word in words)), map(tidy, alternatives), origin)


def fenced(source: Source, start: int, end: int, origin: Origin, *, quoted: bool = True) -> Alternatives:
    """Read bytes that hold nothing but text and fences."""
    alternatives: Alternatives = NONE
    for fence in source.between(start, end):
        text = source.original[start : fence.start].decode("utf-8", "replace")
        alternatives = cross(alternatives, [(text,)] if text else NONE)
        alternatives = cross(alternatives, fence_values(fence.expression, fence.values, origin, quoted=quoted))
        start = fence.end
    text = source.original[start:end].decode("utf-8", "replace")
    return cross(alternatives, [(text,)] if text else NONE)


def fence_values(expression: str, values: Values | None, origin: Origin, *, quoted: bool) -> Alternatives:
    """Return what an expression may come to; unquoted, the shell splits it at white space."""
    origin.expressions.add(expression)
    if values is None:
        return [(Hole(HoleKind.EXPRESSION, expression),)]
    return [((value,) if value else ()) if quoted else split((value,)) for value in values]


def read_values(values: Values, expand: Expand) -> Word:
    """Make a word of an environment variable's values, which may hold fences."""
    origin = Origin()
    found: list[Value] = []
    for value in values:
        source = read_source(value, expand)
        found += map(tidy, fenced(source, 0, len(source.original), origin))
    return make_word(" ".join(values), found or [()], origin)
