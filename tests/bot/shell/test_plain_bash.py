"""What is read without the grammar is read as the grammar reads it."""

import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.shell import Script, read_script
from bot.shell.bash import plain_commands

WORDS = (
    "npm", "publish", "ci", "--access=public", "-a", "-", "--", "cd", "dist", "./build.sh", "/usr/bin/make", "A=b", "a+=c", "exit", "0",
    "set", "-e", "sudo", "-E", "env", "X=1", "npx", "bash", "x.sh", "true", "false", ".", ":", "2", "12", "source", "eval", "tee", "xargs",
    "if", "then", "fi", "for", "in", "do", "done", "time", "export", "unset", "declare", "function", "case", "esac", "cat", "echo", "command",
    "@acme/x@1.2", "a,b", "exec", "return", "pwd", "read", "let", "trap", "shift", "alias", "test", "popd", "pushd", "select", "until", "nohup",
)  # fmt: skip
GRAMMAR = ': "quotes are for the grammar"\n'


def by_grammar(text: str) -> Script:
    """Read a script behind a line that only the grammar reads, and take that line off."""
    assert plain_commands(GRAMMAR + text) is None
    return read_script(GRAMMAR + text, "bash", {"A": ("x",)})


def alike(text: str) -> None:
    """Hold the two readings of a text to each other, if it is one that is read without the grammar."""
    if plain_commands(text) is None:
        return
    plain, grammar = read_script(text, "bash", {"A": ("x",)}), by_grammar(text)
    assert [(each.line + 1, each.text, each.argv, each.wrappers, each.directory) for each in plain.commands] == [
        (each.line, each.text, each.argv, each.wrappers, each.directory) for each in grammar.commands[1:]
    ]
    assert (plain.exports, plain.variables, plain.github_env, plain.incomplete_reason) == (
        grammar.exports,
        grammar.variables,
        grammar.github_env,
        grammar.incomplete_reason,
    )


@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join), max_size=4).map("\n".join))
@example("cd dist\nnpm publish\nexit 0\nmake")
@example("  npm   ci  \n\n npm publish ")
@settings(max_examples=300, deadline=None)
def test_plain_words_are_read_as_the_grammar_reads_them(text: str) -> None:
    alike(text)


@given(st.text(alphabet="ab1_./:@+,=\n -", max_size=40))
@example("_ ==")
@settings(max_examples=300, deadline=None)
def test_so_is_any_text_of_their_characters(text: str) -> None:
    alike(text)


@pytest.mark.parametrize("text", ["npm ci", "make\n\n  pip install -r x.txt", "npm publish --tag=next", "./a b", ""])
def test_the_grammar_is_spared_what_is_plain(text: str) -> None:
    assert plain_commands(text) is not None


@pytest.mark.parametrize(
    "text",
    ["npm ci # x", "a; b", "A=b npm ci", "a $B", "a *", "if a\nthen b\nfi", "export A", "a\\\nb", "a 'b'", "~/a", "é"],
)
def test_it_is_asked_about_everything_else(text: str) -> None:
    assert plain_commands(text) is None


@pytest.mark.soak
def test_a_hundred_thousand_plain_scripts() -> None:
    dice = random.Random()  # noqa: S311 - new scripts in each run
    for _ in range(100_000):
        alike("\n".join(" ".join(dice.choices(WORDS, k=dice.randint(0, 5))) for _ in range(dice.randint(1, 4))))
