"""Read the options in front of a wrapped command, as the wrapper's row in the table says."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import lru_cache

from bot.shell.script import Word
from bot.shell.wrappers import Wrapper

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")


class Use(Enum):
    """What an option that the table names is for."""

    VALUE = auto()
    SCRIPT = auto()
    MODULE = auto()
    PACKAGE = auto()
    DIRECTORY = auto()
    ENVIRONMENT = auto()
    COMMAND = auto()
    REFUSE = auto()


@dataclass(slots=True)
class Options:
    """What stood in front of the command, and where the command begins."""

    index: int
    seen: list[Word] = field(default_factory=list)
    script: Word | None = None
    module: Word | None = None
    package: Word | None = None
    directory: Word | None = None
    environment: dict[str, Word | None] = field(default_factory=dict)  # None: taken over from the environment around it
    command: bool = False  # an option said that the command begins here
    refused: bool = False


@lru_cache(maxsize=256)
def uses(row: Wrapper) -> Mapping[str, Use]:
    """Return the options that a row names, each with its use."""
    named = {
        Use.VALUE: row.values,
        Use.SCRIPT: row.scripts,
        Use.MODULE: row.modules,
        Use.PACKAGE: row.packages,
        Use.DIRECTORY: row.directories,
        Use.ENVIRONMENT: row.environment,
        Use.COMMAND: row.commands,
        Use.REFUSE: row.refuses,
    }
    return {option: use for use, options in named.items() for option in options.split()}


def after(word: Word, count: int) -> Word:
    """Return the word without its first characters."""
    values = []
    for value in word.values:
        head = value[0] if value else ""
        rest = head[count:] if isinstance(head, str) else ""
        values.append((rest, *value[1:]) if rest else value[1:])
    return Word(word.text, tuple(values), word.variables, word.expressions)


def assignment(word: Word) -> tuple[str, Word] | None:
    """Read `NAME=value`, or return None when the word is something else."""
    head = word.values[0][0] if word.values[0] else ""
    found = _ASSIGNMENT.match(head) if isinstance(head, str) else None
    return (found[0][:-1], after(word, len(found[0]))) if found else None


def read_options(row: Wrapper, argv: tuple[Word, ...], options: Options) -> None:
    """Move past the options at `options.index`, keeping what they say."""
    known = uses(row)
    while options.index < len(argv) and not (options.refused or options.command or options.module or options.script):
        word = argv[options.index]
        text = str(word)
        if text[:1] not in ("-", "+") or text == "-" or (text[0] == "+" and not (row.package or "+o" in known)):
            return
        options.index += 1
        if text == "--":
            return
        options.seen.append(word)
        _read_option(known, argv, options, word, text)


def _read_option(known: Mapping[str, Use], argv: tuple[Word, ...], options: Options, word: Word, text: str) -> None:
    """Read one option, with its value."""
    name, equals, _ = text.partition("=")
    use = known.get(name)
    if use is not None and equals:
        _take(use, after(word, len(name) + 1), options)
        return
    attached = 0
    if use is None and not text.startswith("--"):  # letters run together, as getopt reads them: `-ec`, `-n1`, `-mtwine`
        for position, letter in enumerate(text[1:], start=2):
            use = known.get(f"-{letter}")
            if use is not None:
                attached = position
                break
    if use is Use.REFUSE or use is Use.COMMAND:
        _take(use, word, options)
    elif use is not None and attached and attached < len(text) and use is not Use.SCRIPT:
        _take(use, after(word, attached), options)
    elif use is not None and options.index < len(argv):
        options.index += 1
        options.seen.append(argv[options.index - 1])
        _take(use, argv[options.index - 1], options)


def _take(use: Use, word: Word, options: Options) -> None:
    """Keep what an option says."""
    match use:
        case Use.SCRIPT:
            options.script = word
        case Use.MODULE:
            options.module = word
        case Use.PACKAGE:
            options.package = options.package or word
        case Use.DIRECTORY:
            options.directory = word
        case Use.ENVIRONMENT:
            pair = assignment(word)
            options.environment[pair[0] if pair else str(word)] = pair[1] if pair else None
        case Use.COMMAND:
            options.command = True
        case Use.REFUSE:
            options.refused = True
        case Use.VALUE:
            pass
