"""Matches branch and tag names against patterns of environments, rulesets and branch protection.

Patterns are untrusted, so they are never compiled to regular expressions.

Matching time is at most proportional to the pattern's length times the name's length.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

MAX_LENGTH = 1000  # signs; git's names are shorter

_PATTERN_PARTS = re.compile(
    r"(?P<folders>(?:(?<=/)|^)\*\*/)|(?P<star>\*+)|\[(?P<set>[^\]]+)\]|(?P<any>\?)|\\?(?P<sign>.)", re.DOTALL
)
_RANGE = re.compile(r"(.)-(.)|(.)", re.DOTALL)


class _PartKind(Enum):
    CHARACTER = auto()  # one of `signs`, or one of any others
    STAR = auto()  # any signs up to a slash
    FOLDERS = auto()  # between whole folders
    FOLDER = auto()  # inside one of them


@dataclass(frozen=True, slots=True)
class _PatternPart:
    kind: _PartKind
    ranges: tuple[tuple[str, str], ...] = ()
    negated: bool = False

    def matches(self, character: str) -> bool:
        if not self.ranges or self.negated:  # `?` and `[^a]` do not take a slash
            return character != "/" and not any(first <= character <= last for first, last in self.ranges)
        return any(first <= character <= last for first, last in self.ranges)


def ref_matches(pattern: str, ref: str) -> bool:
    """Whether a name matches: `*` and `?` stop at a slash, `**/` goes through folders, `[ab]` is one of these.

    Ruby's File.fnmatch with FNM_PATHNAME: docs.github.com/repositories/configuring-branches-and-merges-in-your-repository
    """
    if pattern == ref:
        return True
    if max(len(pattern), len(ref)) > MAX_LENGTH:
        return False
    parts = _parse_pattern(pattern)
    at = _with_skipped(parts, {0})
    for sign in ref:
        at = _with_skipped(parts, {after for place in at for after in _next_positions(parts, place, sign)})
        if not at:
            return False
    return len(parts) in at


def _with_skipped(parts: tuple[_PatternPart, ...], positions: Iterable[int]) -> set[int]:
    """Add the places that are reached without a sign: behind what may be empty."""
    found, left = set(), list(positions)
    while left:
        place = left.pop()
        if place in found:
            continue
        found.add(place)
        if place < len(parts):
            match parts[place].kind:
                case _PartKind.STAR:
                    left.append(place + 1)
                case _PartKind.FOLDERS:
                    left.append(place + 2)
                case _PartKind.CHARACTER | _PartKind.FOLDER:
                    pass
    return found


def _next_positions(parts: tuple[_PatternPart, ...], position: int, character: str) -> tuple[int, ...]:
    if position == len(parts):
        return ()
    match parts[position].kind:
        case _PartKind.CHARACTER:
            return (position + 1,) if parts[position].matches(character) else ()
        case _PartKind.STAR:
            return (position,) if character != "/" else ()
        case _PartKind.FOLDERS:
            return (position + 1,) if character != "/" else ()
        case _PartKind.FOLDER:
            return (position,) if character != "/" else (position - 1,)


@lru_cache(maxsize=512)
def _parse_pattern(pattern: str) -> tuple[_PatternPart, ...]:
    found: list[_PatternPart] = []
    for part in _PATTERN_PARTS.finditer(pattern):
        if part["folders"]:
            found += [_PatternPart(_PartKind.FOLDERS), _PatternPart(_PartKind.FOLDER)]
        elif part["star"]:
            found.append(_PatternPart(_PartKind.STAR))
        elif part["set"]:
            found.append(_parse_character_set(part["set"]))
        elif part["any"]:
            found.append(_PatternPart(_PartKind.CHARACTER))
        else:
            found.append(_PatternPart(_PartKind.CHARACTER, ((part["sign"], part["sign"]),)))
    return tuple(found)


def _parse_character_set(written: str) -> _PatternPart:
    negated = written[0] in "!^" and len(written) > 1
    pairs = [(each[1] or each[3], each[2] or each[3]) for each in _RANGE.finditer(written[negated:])]
    # A slash is taken by none: File.fnmatch with FNM_PATHNAME.
    return _PatternPart(
        _PartKind.CHARACTER, tuple(pair for pair in pairs if pair != ("/", "/")) or (("b", "a"),), negated
    )
