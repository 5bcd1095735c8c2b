"""Scripts of nothing but words, as half of all steps are (`npm ci`): told apart exactly, and read without the grammar.

tests/bot/shell/test_plain_bash.py holds that the grammar reads them alike.
"""

import re
from collections.abc import Sequence

from bot.shell.interpreter import EMPTY_CONTEXT, Interpreter
from bot.shell.script import Word

# Nothing here has a meaning of its own to any shell: no quotes, variables, globs, operators, comments, or lines that go on.
_PLAIN_TEXT = re.compile(r"[A-Za-z0-9_./:@+,=\n -]*")
_PLAIN_COMMAND_NAME = re.compile(
    r"[A-Za-z_./][A-Za-z0-9_./-]*"
)  # no assignment, nor what the grammar takes for something else (`1`, `a@`)
_KEYWORDS = frozenset(
    [
        "case",
        "coproc",
        "declare",
        "do",
        "done",
        "elif",
        "else",
        "esac",
        "export",
        "fi",
        "for",
        "function",
        "if",
        "in",
        "local",
        "readonly",
        "select",
        "then",
        "time",
        "typeset",
        "unset",
        "unsetenv",
        "until",
        "while",
    ]
)
_MAX_PLAIN_WORDS = 500  # of one command; the bounds for more are the grammar's


def plain_commands(text: str) -> list[tuple[int, str, list[str]]] | None:
    """Give row, text and words of each command of a script of plain words only; None for any other script."""
    if _PLAIN_TEXT.fullmatch(text) is None:
        return None
    found = []
    for row, line in enumerate(text.split("\n")):
        words = line.split()
        if not words:
            continue
        if words[0] in _KEYWORDS or _PLAIN_COMMAND_NAME.fullmatch(words[0]) is None or len(words) > _MAX_PLAIN_WORDS:
            return None
        if any(word.startswith("=") for word in words):
            return None  # the grammar takes `_ ==` for the start of a test and leaves it out
        found.append((row, line.strip(), words))
    return found


def run_plain_commands(
    interpreter: Interpreter, commands: Sequence[tuple[int, str, list[str]]], rows: Sequence[int]
) -> list[Word]:
    """Run such commands; returns what they print when somebody wants to know."""
    printed = []
    for row, text, words in commands:
        argv = tuple(Word(word, ((word,),)) for word in words)
        command = interpreter.make_command(argv, rows[min(row, len(rows) - 1)], text, EMPTY_CONTEXT)
        if (word := interpreter.run(command)) is not None:
            printed.append(word)
    return printed
