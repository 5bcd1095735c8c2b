"""Evaluates the conditions of bash's `[ … ]`, `[[ … ]]` and `test` as far as their words are known.

An answer is true or false when every possible value of every word gives it, and None when that is not so.
"""

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TypeAlias

from bot.shell.script import Word

Token: TypeAlias = str | Word  # an operator, or a word

_NUMERIC: Mapping[str, Callable[[int, int], bool]] = {
    "-eq": operator.eq,
    "-ne": operator.ne,
    "-lt": operator.lt,
    "-le": operator.le,
    "-gt": operator.gt,
    "-ge": operator.ge,
}
_EQUAL = ("=", "==")
_OR, _AND = ("||", "-o"), ("&&", "-a")
_UNARY = re.compile(r"-[a-zA-Z]")
_MAX_TOKENS = 100
_BINARY = frozenset((*_EQUAL, "!=", "=~", "<", ">", *_NUMERIC))
OPERATORS = frozenset((*_BINARY, *_OR, *_AND, "!", "(", ")"))


def evaluate_test(tokens: Sequence[Token], *, patterns: bool) -> bool | None:
    """Say whether a test holds; with `patterns` the right side of `==` is one, as in `[[ … ]]`."""
    if not tokens or len(tokens) > _MAX_TOKENS:
        return False if not tokens else None
    for choices, combine in ((_OR, any_of), (_AND, all_of)):
        parts = list(_split(tokens, choices))
        if len(parts) > 1:
            return combine([evaluate_test(part, patterns=patterns) for part in parts])
    if tokens[0] == "!":
        inner = evaluate_test(tokens[1:], patterns=patterns)
        return None if inner is None else not inner
    if tokens[0] == "(" and tokens[-1] == ")":
        return evaluate_test(tokens[1:-1], patterns=patterns)
    return _primary(tokens, patterns=patterns)


def any_of(answers: Iterable[bool | None]) -> bool | None:
    """Say whether one of several holds."""
    found = set(answers)
    return True if True in found else None if None in found else False


def all_of(answers: Iterable[bool | None]) -> bool | None:
    """Say whether all of several hold."""
    found = set(answers)
    return False if False in found else None if None in found else True


def matching_patterns(subject: Word, items: Sequence[Sequence[Word]]) -> list[int] | None:
    """Give the items of a `case` that its word may choose, in order; None when the word or a pattern is not known."""
    values = known_values(subject)
    patterns = [[known_values(word) for word in item] for item in items]
    if values is None or any(None in item for item in patterns):
        return None
    choices = [tuple(pattern for each in item if each for pattern in each) for item in patterns]
    chosen = {_first_match(value, choices) for value in values}
    return sorted(each for each in chosen if each is not None)


def _first_match(value: str, choices: Sequence[tuple[str, ...]]) -> int | None:
    """Give the first item one of whose patterns takes a value."""
    return next((n for n, item in enumerate(choices) if any(fnmatchcase(value, each) for each in item)), None)


def known_values(word: Word) -> tuple[str, ...] | None:
    """Give the possible values of a word when all of them are known to the last character."""
    found = word.literals
    return found if len(found) == len(word.values) else None


def _split(tokens: Sequence[Token], choices: tuple[str, ...]) -> Iterator[Sequence[Token]]:
    """Split tokens at an operator that stands in no brackets."""
    start = depth = 0
    for index, one in enumerate(tokens):
        if one in ("(", ")"):
            depth += 1 if one == "(" else -1
        elif isinstance(one, str) and one in choices and not depth:
            yield tokens[start:index]
            start = index + 1
    yield tokens[start:]


def _primary(tokens: Sequence[Token], *, patterns: bool) -> bool | None:
    match tokens:
        case [Word() as word]:
            return _agreed(bool(value) for value in known_values(word) or ()) if known_values(word) else None
        case [str(name), Word() as word] if name in ("-z", "-n"):
            values = known_values(word)
            return None if values is None else _agreed(bool(value) == (name == "-n") for value in values)
        case [Word() as left, str(name), Word() as right] if name in _BINARY:
            return _compare(known_values(left), name, known_values(right), patterns=patterns)
        case _:
            return None


def _compare(left: tuple[str, ...] | None, name: str, right: tuple[str, ...] | None, *, patterns: bool) -> bool | None:
    if left is None or right is None:
        return None
    if name in (*_EQUAL, "!="):
        same = fnmatchcase if patterns else operator.eq
        return _agreed(bool(same(a, b)) == (name != "!=") for a in left for b in right)
    numeric = name in _NUMERIC and all(value.lstrip("-").isdecimal() for value in (*left, *right))
    return _agreed(_NUMERIC[name](int(a), int(b)) for a in left for b in right) if numeric else None


def _agreed(answers: Iterable[bool]) -> bool | None:
    found = set(answers)
    return found.pop() if len(found) == 1 else None


def is_operator(text: str) -> bool:
    """Whether a word of `test …` is an operator."""
    return text in OPERATORS or _UNARY.fullmatch(text) is not None
