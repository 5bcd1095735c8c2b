"""Take wrappers and runners off a command until the tool that acts stands in front."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import product

from bot.shell.options import WrapperOptions, read_assignment_word, read_wrapper_options
from bot.shell.script import Command, UnknownPart, Word
from bot.shell.strip_wrappers import (
    STDIN_NAMES,
    CommandOrScript,
    NestedScript,
    StrippedWrapper,
    inner_command,
    strip_container,
    strip_eval,
    strip_find,
    strip_handler,
    strip_interpreter,
    strip_package_version,
    strip_powershell,
    strip_xargs,
    with_value,
)
from bot.shell.words import literal_word
from bot.shell.wrappers import WRAPPERS, Wrapper, WrapperKind

_MAX_WRAPPERS = 16
_MAX_COMMANDS = 64  # that one find may start
_EXECUTABLE_SUFFIXES = (".exe", ".cmd", ".bat")


def _index_by_first_word(wrappers: Iterable[Wrapper]) -> Mapping[str, tuple[tuple[tuple[str, ...], Wrapper], ...]]:
    """Sort the rows under their first word, longest first; `a|b` is either."""
    table: dict[str, list[tuple[tuple[str, ...], Wrapper]]] = {}
    for row in wrappers:
        for words in product(*(word.split("|") for word in row.words.split())):
            table.setdefault(words[0], []).append((words, row))
    return {name: tuple(sorted(found, key=lambda pair: -len(pair[0]))) for name, found in table.items()}


WRAPPERS_BY_FIRST_WORD = _index_by_first_word(WRAPPERS)


def tool_name(word: Word) -> str:
    """Return the name that a tool is known by: no folder, no ending, no unknown part in front (`${PREFIX}twine`)."""
    value = word.values[0]
    text = value[-1] if len(value) > 1 and isinstance(value[-1], str) else str(word)
    if text.isalnum():
        return text
    for separator in ("/", "\\"):
        head, _, tail = text.rpartition(separator)
        text = tail if head or tail else text
    lowered = text.lower()
    return next((lowered.removesuffix(ending) for ending in _EXECUTABLE_SUFFIXES if lowered.endswith(ending)), text)


def strip_wrappers(command: Command) -> list[CommandOrScript]:
    """Return what a command runs in the end: usually one command, or scripts to be read in their turn."""
    waiting: list[tuple[Command, int]] = [(command, 0)]
    found: list[CommandOrScript] = []
    while waiting and len(found) < _MAX_COMMANDS:
        one, layers = waiting.pop(0)
        name = tool_name(one.argv[0])
        layer = _strip_wrapper(one, name) if layers < _MAX_WRAPPERS else None
        if layer is None:
            found.append(_with_tool_name(one, name))
        else:
            found += layer.results
            waiting += ((inner, layers + 1) for inner in layer.commands)
    return found


def _with_tool_name(command: Command, name: str) -> Command:
    """Give the tool its plain name."""
    text = str(command.argv[0])
    if text == name:
        return command
    path = text if "/" in text or "\\" in text else command.path
    return replace(command, argv=(with_value(command.argv[0], name), *command.argv[1:]), path=path)


def _strip_wrapper(command: Command, name: str) -> StrippedWrapper | None:
    """Take one wrapper off, or return None when there is none."""
    head = command.argv[0].values[0]
    if len(head) == 1 and isinstance(head[0], UnknownPart) and len(command.argv) > 1:
        return _strip_unknown_tool(command)
    rows = WRAPPERS_BY_FIRST_WORD.get(name) or WRAPPERS_BY_FIRST_WORD.get(name.rstrip("0123456789."), ())
    for words, row in rows:
        if len(command.argv) < len(words):
            continue
        options = WrapperOptions(1)
        if _matches_wrapper(words, row, command.argv, options):
            layer = STRIP_FUNCTIONS[row.kind](command, row, " ".join(words), options)
            if layer is not None:
                return layer
    return None


def _strip_unknown_tool(command: Command) -> StrippedWrapper | None:
    """`$PYTHON -m twine` is Python's; an unset `$SUDO` vanishes, so what follows may be the command."""
    shown = str(command.argv[0])
    if str(command.argv[1]) == "-m":
        return (
            StrippedWrapper((inner_command(command, command.argv[2:], f"{shown} -m", WrapperOptions(2)),))
            if len(command.argv) > 2  # noqa: PLR2004 - the module's place
            else None
        )
    following = command.argv[1].literal
    if command.argv[0].text.startswith('"') or not following or following.startswith("-") or shown in command.wrappers:
        return None
    return StrippedWrapper((inner_command(command, command.argv[1:], shown, WrapperOptions(1)),), (command,))


def _matches_wrapper(words: tuple[str, ...], wrapper: Wrapper, argv: tuple[Word, ...], options: WrapperOptions) -> bool:
    """Whether a row's words stand in front of a command, its options between them allowed."""
    for word in words[1:]:
        read_wrapper_options(wrapper, argv, options)
        if options.index >= len(argv) or str(argv[options.index]) != word:
            return False
        options.index += 1
    return True


def _strip_command(
    command: Command, wrapper: Wrapper, wrapper_name: str, options: WrapperOptions
) -> StrippedWrapper | None:
    """Read what most rows have: options, other words, the command."""
    argv = command.argv
    if wrapper.separator:
        _skip_to_separator(wrapper, argv, options)
    read_wrapper_options(wrapper, argv, options)
    if wrapper.options_after_words:
        _find_script_after_words(wrapper, argv, options)
    while wrapper.command_options and not options.command_follows and options.index < len(argv):
        options.index += 1
        read_wrapper_options(wrapper, argv, options)
    if options.no_run or (wrapper.command_options and not options.command_follows):
        return None
    if options.script is not None:
        return StrippedWrapper(
            results=(
                NestedScript(wrapper.language, options.script, inner_command(command, argv, wrapper_name, options)),
            )
        )
    if options.module is not None:
        return StrippedWrapper(
            (inner_command(command, (options.module, *argv[options.index :]), wrapper_name, options),)
        )
    rest = _remaining_words(wrapper, argv, options)
    if not rest or (
        wrapper.subcommands and (rest[0].literal is None or rest[0].literal in wrapper.subcommands.split())
    ):
        return None
    if wrapper.replacement:
        rest = (literal_word(wrapper.replacement), *rest)
    below = inner_command(command, rest, wrapper_name, options)
    return strip_package_version(below, options) if wrapper.runs_package else StrippedWrapper((below,))


def _find_script_after_words(wrapper: Wrapper, argv: tuple[Word, ...], options: WrapperOptions) -> None:
    """Look for the script behind other words, too."""
    late = WrapperOptions(options.index)
    while late.index < len(argv) and options.script is None:
        late.index += 1
        read_wrapper_options(wrapper, argv, late)
        options.script = late.script


def _remaining_words(wrapper: Wrapper, argv: tuple[Word, ...], options: WrapperOptions) -> tuple[Word, ...]:
    """Go past the words and assignments that a row allows between its options and the command."""
    options.index += wrapper.skipped_words
    if wrapper.skipped_words and options.index < len(argv) and str(argv[options.index]) == "--":
        options.index += 1
    while (
        wrapper.allows_assignments and options.index < len(argv) and (pair := read_assignment_word(argv[options.index]))
    ):
        options.environment[pair[0]] = pair[1]
        options.index += 1
    return argv[options.index :]


def _skip_to_separator(wrapper: Wrapper, argv: tuple[Word, ...], options: WrapperOptions) -> None:
    """Go past the word that ends a wrapper's own words; without it, past words with a version: `mise x node@22 npm`."""
    words = [str(word) for word in argv]
    if wrapper.separator in words[options.index :]:
        options.index = words.index(wrapper.separator, options.index) + 1
    else:
        while options.index < len(words) and "@" in words[options.index]:
            options.index += 1


def _strip_shell(
    command: Command, wrapper: Wrapper, wrapper_name: str, options: WrapperOptions
) -> StrippedWrapper | None:
    """`bash [options] -c SCRIPT [words]`, `bash FILE` (which stays), or the script on standard input."""
    takes = wrapper.value_options.split()
    argv, index, script = command.argv, 1, False
    while index < len(argv) and (text := str(argv[index]))[:1] in ("-", "+") and text != "-":
        index += 1
        if text == "--":
            break
        if text.startswith("--"):
            index += text in takes
        else:
            script = script or (text[0] == "-" and "c" in text)
            index += sum(text[0] + letter in takes for letter in text[1:])
    rest = argv[index:]
    around = inner_command(command, argv, wrapper_name, options)
    if script and rest:
        return StrippedWrapper(results=(NestedScript(wrapper.language, rest[0], around, rest[2:]),))
    if (not rest or str(rest[0]) in STDIN_NAMES) and command.stdin is not None:
        return StrippedWrapper(
            results=(NestedScript(wrapper.language, command.stdin, replace(around, stdin=None), rest[1:]),)
        )
    return None


STRIP_FUNCTIONS = {
    WrapperKind.COMMAND: _strip_command,
    WrapperKind.SHELL: _strip_shell,
    WrapperKind.PROGRAM: strip_interpreter,
    WrapperKind.EVAL: strip_eval,
    WrapperKind.HANDLER: strip_handler,
    WrapperKind.POWERSHELL: strip_powershell,
    WrapperKind.FIND: strip_find,
    WrapperKind.XARGS: strip_xargs,
    WrapperKind.CONTAINER: strip_container,
}
