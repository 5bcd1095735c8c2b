"""The algebra of words: alternatives, fields, and what each was made from."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import product
from typing import TypeAlias

from bot.shell.fences import ScriptSource, read_source
from bot.shell.script import ExpandExpression, PossibleValues, UnknownKind, UnknownPart, Word, WordPart, WordValue

MAX_WORD_VALUES = 16  # of one word, and of one command; beyond it a hole says that there are more
MAX_WORDS = 5_000  # of one command or array
_MAX_PIECES = 2_000  # of one word
_MAX_VALUE_LENGTH = 128 * 1024  # characters of one value: with them a variable that doubles itself ends
_MORE_VALUES = UnknownPart(UnknownKind.OTHER, "one of many values")
_LONG_TEXT: WordValue = (UnknownPart(UnknownKind.OTHER, "a long text"),)
_MAX_SHOWN_LENGTH = 500  # characters of a command or hole that are kept as written


class WordBreak(Enum):
    """The place where the shell splits a word into two."""

    BREAK = 0


Piece: TypeAlias = WordPart | WordBreak
Pieces: TypeAlias = tuple[Piece, ...]
Alternatives: TypeAlias = Sequence[Pieces]  # what a piece of text may come to, at least one

EMPTY_TEXT: Alternatives = ((),)


@dataclass(slots=True)
class WordOrigin:
    """Collects what a word is made from while it is read."""

    variables: set[str] = field(default_factory=set)
    expressions: set[str] = field(default_factory=set)

    def add(self, word: Word) -> None:
        self.variables |= word.variables
        self.expressions |= word.expressions


def shorten(text: str) -> str:
    """Keep the beginning of a text that is only shown."""
    return text if len(text) <= _MAX_SHOWN_LENGTH else text[:_MAX_SHOWN_LENGTH] + "…"


def combine_alternatives(left: Alternatives, right: Alternatives) -> Alternatives:
    """Put two texts together: each alternative of one with each of the other, up to the bound."""
    if len(left[0]) > _MAX_PIECES:
        return left if left[0][-1] == _LONG_TEXT[0] else [one + _LONG_TEXT for one in left]
    if len(right) == 1:
        return [one + right[0] for one in left] if right[0] else left
    if len(left) * len(right) <= MAX_WORD_VALUES:
        return [one + two for one, two in product(left, right)]
    return [*(left[0] + two for two in right[: MAX_WORD_VALUES - 1]), (_MORE_VALUES,)]


def unique_word_values(*many: Iterable[WordValue]) -> tuple[WordValue, ...]:
    """Unite possible values, each once, up to the bound."""
    found = tuple(dict.fromkeys(value for values in many for value in values))
    return found if len(found) <= MAX_WORD_VALUES else (*found[: MAX_WORD_VALUES - 1], (_MORE_VALUES,))


def join_pieces(pieces: Iterable[Piece]) -> WordValue:
    """Make one value of pieces: neighbouring texts put together, gaps as a space."""
    value: list[WordPart] = []
    length = 0
    for piece in pieces:
        length += len(piece) if isinstance(piece, str) else 1
        if length > _MAX_VALUE_LENGTH:
            return _LONG_TEXT
        part = " " if isinstance(piece, WordBreak) else piece
        if isinstance(part, str) and value and isinstance(value[-1], str):
            value[-1] += part
        elif part != "":
            value.append(part)
    return tuple(value)


def split_at_breaks(pieces: Pieces) -> tuple[WordValue, ...]:
    """Split pieces at their gaps into the words that the command will get."""
    if WordBreak.BREAK not in pieces:
        return (join_pieces(pieces),) if pieces else ()
    found: list[list[Piece]] = [[]]
    for piece in pieces:
        if isinstance(piece, WordBreak):
            found.append([])
        else:
            found[-1].append(piece)
    return tuple(join_pieces(one) for one in found if one)


def split_at_whitespace(value: WordValue) -> Pieces:
    """Let the shell split an unquoted expansion at white space."""
    pieces: list[Piece] = []
    for part in value:
        if isinstance(part, UnknownPart) or not _WHITESPACE.search(part):
            pieces += [part] if part else []
            continue
        for index, text in enumerate(_WHITESPACE.split(part)):
            if index:
                pieces.append(WordBreak.BREAK)
            if text:
                pieces.append(text)
    return tuple(pieces)


_WHITESPACE = re.compile(r"\s+")


def make_word(text: str, values: Iterable[WordValue], origin: WordOrigin) -> Word:
    """Make a word of values and origin."""
    return Word(text, unique_word_values(values), frozenset(origin.variables), frozenset(origin.expressions))


def literal_word(text: str) -> Word:
    """Make a word of a text that is known."""
    return Word(text, ((text,) if text else (),))


def unknown_word(kind: UnknownKind, name: str, origin: WordOrigin | None = None) -> Word:
    """Make a word of which nothing is known but where it comes from."""
    hole = UnknownPart(kind, shorten(name))
    made = origin or WordOrigin({name} if kind is UnknownKind.VARIABLE else set())
    return make_word(str(hole), [(hole,)], made)


def merge_words(words: Sequence[Word], text: str = "") -> Word:
    """Make one word that may be any of several."""
    origin = WordOrigin()
    for word in words:
        origin.add(word)
    return make_word(text or words[0].text, (value for word in words for value in word.values), origin)


def join_words(words: Sequence[Word], separator: str = " ") -> Word:
    """Put words together into one."""
    if len(words) == 1:
        return words[0]
    origin = WordOrigin()
    alternatives: Alternatives = EMPTY_TEXT
    for index, word in enumerate(words):
        origin.add(word)
        if index and separator:
            alternatives = combine_alternatives(alternatives, [(separator,)])
        alternatives = combine_alternatives(alternatives, word.values)
    return make_word(shorten(separator.join(word.text for word in words)), map(join_pieces, alternatives), origin)


def read_text_with_expressions(
    source: ScriptSource, start: int, end: int, origin: WordOrigin, *, quoted: bool = True
) -> Alternatives:
    """Read bytes that hold nothing but text and fences."""
    alternatives: Alternatives = EMPTY_TEXT
    for fence in source.expressions_between(start, end):
        text = source.original[start : fence.start].decode("utf-8", "replace")
        alternatives = combine_alternatives(alternatives, [(text,)] if text else EMPTY_TEXT)
        alternatives = combine_alternatives(
            alternatives, expression_alternatives(fence.expression, fence.values, origin, quoted=quoted)
        )
        start = fence.end
    text = source.original[start:end].decode("utf-8", "replace")
    return combine_alternatives(alternatives, [(text,)] if text else EMPTY_TEXT)


def expression_alternatives(
    expression: str, values: PossibleValues | None, origin: WordOrigin, *, quoted: bool
) -> Alternatives:
    """Return what an expression may come to; unquoted, the shell splits it at white space."""
    origin.expressions.add(expression)
    if values is None:
        return [(UnknownPart(UnknownKind.EXPRESSION, expression),)]
    return [((value,) if value else ()) if quoted else split_at_whitespace((value,)) for value in values]


def word_of_values(values: PossibleValues, expand: ExpandExpression) -> Word:
    """Make a word of an environment variable's values, which may hold fences."""
    origin = WordOrigin()
    found: list[WordValue] = []
    for value in values:
        source = read_source(value, expand)
        found += map(join_pieces, read_text_with_expressions(source, 0, len(source.original), origin))
    return make_word(" ".join(values), found or [()], origin)
