"""Tests that containment of patterns is decided for every name, in both dialects, in bounded time."""

import re
from itertools import product
from random import Random

import pytest

from bot.settings.ref_patterns import (
    BRANCH_PREFIX,
    EVERY_REF,
    EVERY_TAG,
    TAG_PREFIX,
    PatternKind,
    RefGlob,
    RefSet,
    TooComplexError,
    exact_ref,
    share_of_names,
    shortest_ref,
)

SMALL = ["".join(word) for length in range(1, 6) for word in product("ab/", repeat=length)]
NAMES = [word for word in SMALL if "//" not in word and word[0] != "/" and word[-1] != "/"]


def refs(*patterns: str, kind: PatternKind = PatternKind.REF, prefix: str = TAG_PREFIX) -> RefSet:
    """Return the refs of these patterns in order; `!` takes its own out."""
    return RefSet(tuple(RefGlob(each.removeprefix("!"), kind, prefix, each.startswith("!")) for each in patterns))


def filters(*patterns: str) -> RefSet:
    return refs(*patterns, kind=PatternKind.FILTER)


@pytest.mark.parametrize(
    ("started", "kept", "left"),
    [
        (filters("v*"), refs("v*"), None),
        (filters("v*"), refs("*"), None),
        (filters("v*"), refs("**/*"), None),
        (filters("v*"), refs("v1.0.0"), "v"),
        (filters("v*"), refs("v*", "!v*-rc*"), "v-rc"),
        (filters("v[0-9]+.[0-9]+.[0-9]+"), refs("v*.*.*"), None),
        (filters("v[0-9]+.[0-9]+.[0-9]+"), refs("v1.*"), "v0.0.0"),
        (filters("v*", "!v*-beta"), refs("v*", "!v*-beta"), None),
        (filters("v*", "!v1*"), refs("v[2-9]*"), "v"),
        (filters("**"), refs("*"), "a/a"),
        (filters("release/**"), refs("release/*"), "release/a/a"),
        (filters("release/**"), refs("release/**/*"), None),
        (filters("va?b"), refs("vab", "vb"), None),
        (filters("va?b"), refs("vab"), "vb"),
        (filters("va+"), refs("va", "vaa"), "vaaa"),
        (EVERY_TAG, RefSet((exact_ref("refs/tags/v1"),)), "a"),
        (RefSet((exact_ref("refs/tags/v[1]"),)), refs("v[1]"), None),
    ],
)
def test_the_shortest_ref_that_is_left_is_shown(started: RefSet, kept: RefSet, left: str | None) -> None:
    assert shortest_ref([started], [kept]) == (left and f"{TAG_PREFIX}{left}")


def test_no_ref_is_shown_that_git_would_not_take() -> None:
    assert shortest_ref([EVERY_REF], [refs("*"), refs("**/*", prefix=BRANCH_PREFIX)]) == "refs/tags/a/a"
    assert shortest_ref([refs("v.")]) is None
    assert shortest_ref([refs("v~1", "v..w", ".v", "v/", "v//w")]) is None


def translated(pattern: str) -> re.Pattern[str]:
    """Say the same as a regular expression of Python: the patterns of this test are all short and harmless."""
    said = {"**/": "(?:[^/]+/)*", "*": "[^/]*", "?": "[^/]", "[ab]": "[ab]", "[!a]": "[^a/]"}
    parts = re.findall(r"\*\*/|\[!?[ab]+\]|.", pattern)
    return re.compile("".join(said.get(part, re.escape(part)) for part in parts))


@pytest.mark.parametrize("seed", range(60))
def test_it_is_what_looking_at_every_short_name_says(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - makes patterns
    parts = ["a", "b", "*", "?", "[ab]", "[!a]", "/a"]
    one, other = (
        ("**/" if random.random() < 0.2 else "") + "".join(random.choices(parts, k=random.randint(1, 5)))
        for _ in range(2)
    )
    left = shortest_ref([refs(one)], [refs(other)])
    by_hand = [name for name in NAMES if translated(one).fullmatch(name) and not translated(other).fullmatch(name)]

    if left is not None:
        name = left.removeprefix(TAG_PREFIX)
        assert translated(one).fullmatch(name)
        assert not translated(other).fullmatch(name)
        assert all(len(each) >= len(name) for each in by_hand)
    else:
        assert by_hand == []


@pytest.mark.parametrize(
    ("pattern", "wide"),
    [
        ("*", True), ("**/*", True), ("?*", True), ("[a-z]*", True), ("*-*", True), ("*a*", True), ("[!m]*", True),
        ("v*", False), ("release/*", False), ("main", False), ("[0-9]*", False), ("*-stable", False), ("[rv]*", False),
    ],
)  # fmt: skip
def test_a_pattern_is_wide_when_it_takes_a_good_part_of_all_names(pattern: str, *, wide: bool) -> None:
    assert (share_of_names(refs(pattern), TAG_PREFIX) > 0.1) is wide


def test_patterns_that_are_made_to_take_long_are_given_up() -> None:
    hostile = [refs("*" + "?" * 20 + each + "?" * 20) for each in "abcdefgh"]
    with pytest.raises(TooComplexError):
        shortest_ref([refs("*" + "[ab]*" * 100 + "x")], hostile)
    with pytest.raises(TooComplexError):
        shortest_ref([refs("a" * 2000)])
    assert share_of_names(refs("a" * 2000), TAG_PREFIX) == 1.0  # whatever it takes
