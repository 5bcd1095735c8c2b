"""Conditions on known words choose the branch that runs; on unknown ones every branch may run."""

import pytest

from bot.shell import Word, read_script
from bot.shell.script import literal_word


def tools(script: str, *arguments: str, **env: str) -> list[str]:
    """The commands that a script runs with these words, beside its tests."""
    words: tuple[Word, ...] = tuple(map(literal_word, arguments))
    found = read_script(script, "bash", {name: (value,) for name, value in env.items()}, arguments=words).commands
    return [" ".join(map(str, each.argv)) for each in found if each.tool not in ("shift", "test")]


CASE = 'case "$1" in\n  up|push) twine upload ;;\n  rel*) gem push ;;\n  *) make test ;;\nesac\n'


@pytest.mark.parametrize(
    ("script", "arguments", "run"),
    [
        (CASE, ["up"], ["twine upload"]),
        (CASE, ["push"], ["twine upload"]),
        (CASE, ["release"], ["gem push"]),
        (CASE, [], ["make test"]),
        ('if [ "$1" = --ship ]; then a; else b; fi', ["--ship"], ["a"]),
        ('if [ "$1" = --ship ]; then a; else b; fi', ["--test"], ["b"]),
        ('if [[ $1 == v* && -n "$2" ]]; then a; elif [[ $1 == x ]]; then b; else c; fi', ["v1", "y"], ["a"]),
        ('if [[ $1 == v* && -n "$2" ]]; then a; elif [[ $1 == x ]]; then b; else c; fi', ["x"], ["b"]),
        ("if test $# -lt 2; then a; else b; fi", ["x"], ["a"]),
        ('[ -z "$1" ] && a\n[ ! "$1" = x ] || b', ["x"], ["b"]),
        ('[ "$1" = a -o "$1" = b ] && c', ["b"], ["c"]),
        ('cmd_up() { twine upload; }\ncmd_test() { pytest; }\n"cmd_$1"', ["up"], ["twine upload"]),
        ('main() { [ "$1" = go ] && npm publish; }\nmain "$@"', ["go"], ["npm publish"]),
        ('shift\nif [ "$1" = go ]; then a; else b; fi', ["x", "go"], ["a"]),
        ('while [ $# -gt 0 ]; do case "$1" in --up) UP=1 ;; esac; shift; done\nif [ "$UP" = 1 ]; then a; fi', ["-v", "--up"], ["a"]),
        ('MODE=${1:-test}\nif [ "$MODE" = test ]; then a; else b; fi', [], ["a"]),
    ],
)  # fmt: skip
def test_known_words_choose(script: str, arguments: list[str], run: list[str]) -> None:
    assert tools(script, *arguments) == run


@pytest.mark.parametrize(
    ("script", "run"),
    [
        ('case "$T" in a) x ;; b) y ;; esac', ["x", "y"]),
        ('if [ "$T" = a ]; then x; else y; fi', ["x", "y"]),
        ("if [ -f a ]; then x; else y; fi", ["x", "y"]),
        ('if [ "$(uname)" = Linux ]; then x; else y; fi', ["uname", "x", "y"]),
        ('case "$1" in a) x ;;& *) y ;; esac', ["x", "y"]),
        ('[ "$T" = a ] && shift\nif [ "$1" = a ]; then x; else y; fi', ["x", "y"]),
    ],
)
def test_of_unknown_words_every_branch_may_run(script: str, run: list[str]) -> None:
    assert tools(script, "a", "b") == run


def test_what_a_variable_may_hold_decides_together() -> None:
    found = read_script('if [ "$T" = a ]; then x; else y; fi', "bash", {"T": ("b", "c")}).commands
    assert [each.tool for each in found] == ["y"]


def test_loops_over_words_end() -> None:
    assert tools("while [ $# -gt 0 ]; do a; done", "x") == ["a"]
    assert len(tools('while [ $# -gt 0 ]; do a "$1"; shift; done', *map(str, range(200)))) == 50
