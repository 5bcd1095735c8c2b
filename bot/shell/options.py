"""Read the options in front of a wrapped command, as the wrapper's row in the table says."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import lru_cache

from bot.shell.script import Word
from bot.shell.wrappers import Wrapper

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")


class OptionUse(Enum):
    """What an option that the table names is for."""

    VALUE = auto()
    SCRIPT = auto()
    MODULE = auto()
    PACKAGE = auto()
    DIRECTORY = auto()
    ENVIRONMENT = auto()
    COMMAND = auto()
    NO_RUN = auto()


@dataclass(slots=True)
class WrapperOptions:
    """What stood in front of the command, and where the command begins."""

    index: int
    words: list[Word] = field(default_factory=list)
    script: Word | None = None
    module: Word | None = None
    package: Word | None = None
    directory: Word | None = None
    environment: dict[str, Word | None] = field(default_factory=dict)  # None: taken over from the environment around it
    command_follows: bool = False  # an option said that the command begins here
    no_run: bool = False


@lru_cache(maxsize=256)
def option_uses(wrapper: Wrapper) -> Mapping[str, OptionUse]:
    """Return the options that a row names, each with its use."""
    named = {
        OptionUse.VALUE: wrapper.value_options,
        OptionUse.SCRIPT: wrapper.script_options,
        OptionUse.MODULE: wrapper.module_options,
        OptionUse.PACKAGE: wrapper.package_options,
        OptionUse.DIRECTORY: wrapper.directory_options,
        OptionUse.ENVIRONMENT: wrapper.environment_options,
        OptionUse.COMMAND: wrapper.command_options,
        OptionUse.NO_RUN: wrapper.no_run_options,
    }
    return {option: use for use, options in named.items() for option in options.split()}


def without_prefix(word: Word, count: int) -> Word:
    """Return the word without its first characters."""
    values = []
    for value in word.values:
        head = value[0] if value else ""
        rest = head[count:] if isinstance(head, str) else ""
        values.append((rest, *value[1:]) if rest else value[1:])
    return Word(word.text, tuple(values), word.variables, word.expressions)


def read_assignment_word(word: Word) -> tuple[str, Word] | None:
    """Read `NAME=value`, or return None when the word is something else."""
    head = word.values[0][0] if word.values[0] else ""
    found = _ASSIGNMENT.match(head) if isinstance(head, str) else None
    return (found[0][:-1], without_prefix(word, len(found[0]))) if found else None


def read_wrapper_options(wrapper: Wrapper, argv: tuple[Word, ...], options: WrapperOptions) -> None:
    """Move past the options at `options.index`, keeping what they say."""
    known = option_uses(wrapper)
    while options.index < len(argv) and not (
        options.no_run or options.command_follows or options.module or options.script
    ):
        word = argv[options.index]
        text = str(word)
        if (
            text[:1] not in ("-", "+")
            or text == "-"
            or (text[0] == "+" and not (wrapper.runs_package or "+o" in known))
        ):
            return
        options.index += 1
        if text == "--":
            return
        options.words.append(word)
        _read_option(known, argv, options, word, text)


def _read_option(
    known: Mapping[str, OptionUse], argv: tuple[Word, ...], options: WrapperOptions, word: Word, text: str
) -> None:
    """Read one option, with its value."""
    name, equals, _ = text.partition("=")
    use = known.get(name)
    if use is not None and equals:
        _apply_option(use, without_prefix(word, len(name) + 1), options)
        return
    attached = 0
    if use is None and not text.startswith("--"):  # letters run together, as getopt reads them: `-ec`, `-n1`, `-mtwine`
        for position, letter in enumerate(text[1:], start=2):
            use = known.get(f"-{letter}")
            if use is not None:
                attached = position
                break
    if use is OptionUse.NO_RUN or use is OptionUse.COMMAND:
        _apply_option(use, word, options)
    elif use is not None and attached and attached < len(text) and use is not OptionUse.SCRIPT:
        _apply_option(use, without_prefix(word, attached), options)
    elif use is not None and options.index < len(argv):
        options.index += 1
        options.words.append(argv[options.index - 1])
        _apply_option(use, argv[options.index - 1], options)


def _apply_option(use: OptionUse, word: Word, options: WrapperOptions) -> None:
    """Keep what an option says."""
    match use:
        case OptionUse.SCRIPT:
            options.script = word
        case OptionUse.MODULE:
            options.module = word
        case OptionUse.PACKAGE:
            options.package = options.package or word
        case OptionUse.DIRECTORY:
            options.directory = word
        case OptionUse.ENVIRONMENT:
            pair = read_assignment_word(word)
            options.environment[pair[0] if pair else str(word)] = pair[1] if pair else None
        case OptionUse.COMMAND:
            options.command_follows = True
        case OptionUse.NO_RUN:
            options.no_run = True
        case OptionUse.VALUE:
            pass
