"""Scripts made to hurt: each is read to an end, and says so when it was not read whole."""

import random
import time

import pytest

from bot.shell import read_script
from tests.bot.shell.broken_scripts import SHELLS, VALUES, script

LONG = 100_000  # characters; longer than any script of people, short enough for each test run
HOSTILE = {
    "nested substitutions": "$(" * 20_000,
    "nested and closed": '"$(' * 5_000 + "x" + ')"' * 5_000,
    "a line of a megabyte": "npm publish " + "a " * 500_000,
    "a word of a megabyte": "npm " + "a" * 1_000_000,
    "NULs": "\0npm\0 publish\0" * 1_000,
    "quotes": '"' * 60_001,
    "a long list": "a && " * 10_000 + "npm publish",
    "deep conditions": "if a; then " * 5_000 + "npm publish; " + "fi; " * 5_000,
    "open fences": "${{ " * 15_000 + "' " * 15_000,
    "fences": "${{ a }} " * 7_000,
    "a variable that doubles itself": "A=ab\n" + "A=$A$A\n" * 60 + "npm $A",
    "an array that doubles itself": "A=(a b)\n" + 'A=("${A[@]}" "${A[@]}")\n' * 60 + 'npm "${A[@]}"',
    "functions that call each other": "".join(f"f{n}() {{ f{n + 1}; f{n + 1}; f{n + 1}; }}\n" for n in range(50))
    + "f0",
    "a function that calls itself": "f() { eval 'f; f; f; f'; }; f",
    "a script that runs itself": "echo 'bash f; bash f; bash f' > f; bash f",
    "open heredocs": "x <<A <<B " * 6_000,
    "redirections": ">a " * 20_000,
    "assignments": "A=1 " * 15_000 + "npm",
    "exports": "".join(f"export A{n}=$A{n - 1}x\nnpm $A{n}\n" for n in range(2_000)),
    "commands of find": "find " + "-exec a ; " * 6_000,
    "wrappers": "sudo " * 12_000 + "npm publish",
    "loops in loops": "for a in 1 2 3 4 5 6 7 8 9; do for b in 1 2 3 4 5 6 7 8 9; do npm $a $b $a$b$a; done; done\n"
    * 100,
    "a lone surrogate": "npm \ud800 publish",
}


@pytest.mark.parametrize("shell", ["bash", "pwsh", "cmd", "python", "node"])
@pytest.mark.parametrize("name", HOSTILE)
def test_every_script_comes_to_an_end(name: str, shell: str) -> None:
    comes_to_an_end(HOSTILE[name][:LONG], shell)


@pytest.mark.soak
@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", HOSTILE)
def test_every_script_comes_to_an_end_whole(name: str, shell: str) -> None:
    comes_to_an_end(HOSTILE[name], shell)


def comes_to_an_end(text: str, shell: str) -> None:
    found = read_script(text, shell, {})
    assert len(found.commands) <= 5_100
    assert all(0 <= command.line <= text.count("\n") for command in found.commands)


def test_what_was_not_read_whole_says_so() -> None:
    for name in ("nested substitutions", "a line of a megabyte", "deep conditions", "open heredocs"):
        assert read_script(HOSTILE[name], "bash", {}).incomplete_reason, name


def sound(seed: int) -> None:
    """Read the script of a number twice: no exception, the same result, lines and values as promised."""
    text, shell = script(seed)
    environment = {"X": ("a", "b c"), "N": ("${{ secrets.N }}",)}
    found = read_script(text, shell, environment, VALUES.get)
    assert found == read_script(text, shell, environment, VALUES.get), seed
    for command in found.commands:
        assert command.argv, seed
        assert 0 <= command.line <= text.count("\n"), seed
        assert all(1 <= len(word.values) <= 16 for word in command.argv), seed


def test_a_thousand_spoiled_scripts() -> None:
    for seed in range(1_000):
        sound(seed)


@pytest.mark.soak
def test_a_million_spoiled_scripts() -> None:
    dice = random.Random()  # noqa: S311 - new numbers in each run; a failure names its own
    start = dice.randrange(10**12)
    for seed in range(start, start + 1_000_000):
        sound(seed)


@pytest.mark.soak
@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", HOSTILE)
def test_no_runaway(name: str, shell: str) -> None:
    """Each 64 KiB within a second of this process's own time, and many times over on a machine of its own."""
    text = HOSTILE[name][: 64 * 1024]
    before = time.process_time()
    read_script(text, shell, {})
    assert time.process_time() - before < 1.0
