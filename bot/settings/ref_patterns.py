"""Patterns of branches and tags, as GitHub matches them in environments, rulesets and branch protection.

Patterns are written by others, so no regular expression is made of them: all ways to match are followed at once, a sign at a
time, and the time is never more than the pattern's length times the name's.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

LONGEST = 1000  # signs; git's names are shorter

_PARTS = re.compile(
    r"(?P<folders>(?:(?<=/)|^)\*\*/)|(?P<star>\*+)|\[(?P<set>[^\]]+)\]|(?P<any>\?)|\\?(?P<sign>.)", re.DOTALL
)
_RANGE = re.compile(r"(.)-(.)|(.)", re.DOTALL)


class _Kind(Enum):
    SIGN = auto()  # one of `signs`, or one of any others
    STAR = auto()  # any signs up to a slash
    FOLDERS = auto()  # between whole folders
    FOLDER = auto()  # inside one of them


@dataclass(frozen=True, slots=True)
class _Part:
    kind: _Kind
    ranges: tuple[tuple[str, str], ...] = ()
    negated: bool = False

    def takes(self, sign: str) -> bool:
        if not self.ranges or self.negated:  # `?` and `[^a]` do not take a slash
            return sign != "/" and not any(first <= sign <= last for first, last in self.ranges)
        return any(first <= sign <= last for first, last in self.ranges)


def ref_matches(pattern: str, ref: str) -> bool:
    """Whether a name matches: `*` and `?` stop at a slash, `**/` goes through folders, `[ab]` is one of these.

    Ruby's File.fnmatch with FNM_PATHNAME: docs.github.com/repositories/configuring-branches-and-merges-in-your-repository
    """
    if pattern == ref:
        return True
    if max(len(pattern), len(ref)) > LONGEST:
        return False
    parts = _parts(pattern)
    at = _reached(parts, {0})
    for sign in ref:
        at = _reached(parts, {after for place in at for after in _after(parts, place, sign)})
        if not at:
            return False
    return len(parts) in at


def _reached(parts: tuple[_Part, ...], places: Iterable[int]) -> set[int]:
    """Add the places that are reached without a sign: behind what may be empty."""
    found, left = set(), list(places)
    while left:
        place = left.pop()
        if place in found:
            continue
        found.add(place)
        if place < len(parts):
            match parts[place].kind:
                case _Kind.STAR:
                    left.append(place + 1)
                case _Kind.FOLDERS:
                    left.append(place + 2)
                case _Kind.SIGN | _Kind.FOLDER:
                    pass
    return found


def _after(parts: tuple[_Part, ...], place: int, sign: str) -> tuple[int, ...]:
    if place == len(parts):
        return ()
    match parts[place].kind:
        case _Kind.SIGN:
            return (place + 1,) if parts[place].takes(sign) else ()
        case _Kind.STAR:
            return (place,) if sign != "/" else ()
        case _Kind.FOLDERS:
            return (place + 1,) if sign != "/" else ()
        case _Kind.FOLDER:
            return (place,) if sign != "/" else (place - 1,)


@lru_cache(maxsize=512)
def _parts(pattern: str) -> tuple[_Part, ...]:
    found: list[_Part] = []
    for part in _PARTS.finditer(pattern):
        if part["folders"]:
            found += [_Part(_Kind.FOLDERS), _Part(_Kind.FOLDER)]
        elif part["star"]:
            found.append(_Part(_Kind.STAR))
        elif part["set"]:
            found.append(_set(part["set"]))
        elif part["any"]:
            found.append(_Part(_Kind.SIGN))
        else:
            found.append(_Part(_Kind.SIGN, ((part["sign"], part["sign"]),)))
    return tuple(found)


def _set(written: str) -> _Part:
    negated = written[0] in "!^" and len(written) > 1
    pairs = [(each[1] or each[3], each[2] or each[3]) for each in _RANGE.finditer(written[negated:])]
    # A slash is taken by none: File.fnmatch with FNM_PATHNAME.
    return _Part(_Kind.SIGN, tuple(pair for pair in pairs if pair != ("/", "/")) or (("b", "a"),), negated)
