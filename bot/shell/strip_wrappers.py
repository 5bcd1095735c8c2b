"""Removes wrappers such as sudo, xargs and containers from a command to find the tool that it runs."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import NamedTuple, TypeAlias

from bot.shell.script import Command, UnknownKind, UnknownPart, Word, join_words, literal_word, unknown_word
from bot.shell.wrappers import (
    PACKAGE_PROGRAMS,
    WRAPPERS,
    Wrapper,
    WrapperKind,
    WrapperOptions,
    read_assignment_word,
    read_wrapper_options,
)

STDIN_NAMES = ("-", "/dev/stdin")
_VERSION_SEPARATOR = re.compile(r"(?<=.)@|[=~!<>]=|[<>\[]")
_GO_MAJOR_VERSION = re.compile(r"/v\d+$")  # the end of a Go module's path: example.test/tool/v2
_MAX_INPUT_WORDS = 64  # words that xargs takes from known input
# -EncodedCommand, which PowerShell also knows by its beginnings, and after a slash: about_pwsh, "-EncodedCommand | -e | -ec".
ENCODED_COMMAND_OPTION = re.compile(r"[-/]e(?:c|n(?:c\w*)?)?", re.IGNORECASE)
_FIND_COMMANDS = ("-exec", "-execdir", "-ok", "-okdir")


@dataclass(frozen=True, slots=True)
class NestedScript:
    """A script inside a command: `bash -c SCRIPT`, `eval`, `python -c`, standard input of a shell."""

    language: str
    script: Word
    command: Command  # what it inherits: environment, wrappers, folder, line
    positional: tuple[Word, ...] = ()
    written_elsewhere: bool = False  # it was written elsewhere in the script: its lines count as that of the command


CommandOrScript: TypeAlias = Command | NestedScript


class StrippedWrapper(NamedTuple):
    """What is under one wrapper: commands that may be wrapped again, and results that are final."""

    commands: tuple[Command, ...] = ()
    results: tuple[CommandOrScript, ...] = ()


def with_value(word: Word, name: str) -> Word:
    """Return the word with another value."""
    return word if str(word) == name else replace(word, values=((name,) if name else (),))


def lowercase_name(word: Word) -> str:
    """Return a tool's name as Windows knows it, without regard to case; a path keeps its own, which a repository knows."""
    text = str(word)
    return text if word.literal is None or "/" in text or "\\" in text else text.lower()


def inner_command(command: Command, argv: tuple[Word, ...], wrapper_name: str, options: WrapperOptions) -> Command:
    """Return the command inside, with all that the wrapper says about it."""
    env = command.env
    if options.environment:
        given = options.environment.items()
        env = {
            **env,
            **{name: unknown_word(UnknownKind.VARIABLE, name) if word is None else word for name, word in given},
        }
    return replace(
        command,
        argv=argv,
        env=env,
        wrappers=(*command.wrappers, wrapper_name),
        wrapper_options=(*command.wrapper_options, *options.words),
        directory=options.directory or command.directory,
        path=None,
    )


def strip_interpreter(
    command: Command, wrapper: Wrapper, wrapper_name: str, options: WrapperOptions
) -> StrippedWrapper | None:
    """`python -m MODULE …`, `python -c PROGRAM`, a program on standard input; `python FILE` stays as it is."""
    argv = command.argv
    read_wrapper_options(wrapper, argv, options)
    if options.module is not None:
        return StrippedWrapper(
            (inner_command(command, (options.module, *argv[options.index :]), f"{wrapper_name} -m", options),)
        )
    around = inner_command(command, argv, wrapper_name, options)
    if options.script is not None:
        return StrippedWrapper(results=(NestedScript(wrapper.language, options.script, around),))
    rest = argv[options.index :]
    if (not rest or str(rest[0]) in STDIN_NAMES) and command.stdin is not None:
        return StrippedWrapper(results=(NestedScript(wrapper.language, command.stdin, replace(around, stdin=None)),))
    return None


def strip_eval(
    command: Command, wrapper: Wrapper, wrapper_name: str, options: WrapperOptions
) -> StrippedWrapper | None:
    """All words together are a script: `eval`, `cmd /c`."""
    index = options.index
    flag = "/" if wrapper.language == "cmd" else "-"
    while index < len(command.argv) and str(command.argv[index]).startswith(flag):
        index += 1
    rest = command.argv[index:]
    if not rest:
        return None
    return StrippedWrapper(
        results=(
            NestedScript(
                wrapper.language, join_words(rest), inner_command(command, command.argv, wrapper_name, options)
            ),
        )
    )


def strip_handler(
    command: Command, wrapper: Wrapper, wrapper_name: str, options: WrapperOptions
) -> StrippedWrapper | None:
    """Read a script in the first word: `trap 'npm publish' EXIT`."""
    read_wrapper_options(wrapper, command.argv, options)
    options.index += wrapper.skipped_words
    if options.no_run or options.index >= len(command.argv):
        return None
    script = command.argv[options.index]
    return StrippedWrapper(
        results=(NestedScript(wrapper.language, script, inner_command(command, command.argv, wrapper_name, options)),)
    )


def strip_powershell(
    command: Command, wrapper: Wrapper, wrapper_name: str, options: WrapperOptions
) -> StrippedWrapper | None:
    """`pwsh -Command …`: the rest is a script; options know no case; `-File` and `-EncodedCommand` stay as they are."""
    takes = wrapper.value_options.split()
    argv, index = command.argv, 1
    around = inner_command(command, argv, wrapper_name, options)
    while index < len(argv) and (text := str(argv[index]).lower()) != "-":
        if ENCODED_COMMAND_OPTION.fullmatch(text):
            return None
        if not text.startswith("-"):
            break
        index += 1
        if text in wrapper.script_options.split():
            return (
                StrippedWrapper(results=(NestedScript("pwsh", join_words(argv[index:]), around),))
                if argv[index:]
                else None
            )
        index += text in takes
    if index < len(argv) and wrapper_name == "powershell":
        return StrippedWrapper(results=(NestedScript("pwsh", join_words(argv[index:]), around),))
    if command.stdin is not None and (index >= len(argv) or str(argv[index]) in STDIN_NAMES):
        return StrippedWrapper(results=(NestedScript("pwsh", command.stdin, replace(around, stdin=None)),))
    return None


def strip_find(
    command: Command, wrapper: Wrapper, wrapper_name: str, options: WrapperOptions
) -> StrippedWrapper | None:
    """`find … -exec COMMAND {} ;`, as often as it stands there."""
    del wrapper
    found: list[Command] = []
    start = None
    for index, word in enumerate(command.argv):
        text = str(word)
        if start is None and text in _FIND_COMMANDS:
            start = index + 1
        elif start is not None and text in (";", "+"):
            found += [inner_command(command, command.argv[start:index], wrapper_name, options)] if index > start else []
            start = None
    if start is not None and start < len(command.argv):
        found.append(inner_command(command, command.argv[start:], wrapper_name, options))
    return StrippedWrapper(tuple(found), (command,)) if found else None


def strip_xargs(
    command: Command, wrapper: Wrapper, wrapper_name: str, options: WrapperOptions
) -> StrippedWrapper | None:
    """`xargs COMMAND`: the words of standard input follow, or stand where `-I` says."""
    read_wrapper_options(wrapper, command.argv, options)
    rest = list(command.argv[options.index :])
    while ":::" in map(str, rest):
        rest = rest[: list(map(str, rest)).index(":::")]
    if not rest:
        return None
    given = _input_words(command.stdin)
    mark = _placeholder(options.words)
    if mark is None:
        rest += given
    else:
        rest = [join_words(given) if str(word) == mark else word for word in rest]
    return StrippedWrapper((replace(inner_command(command, tuple(rest), wrapper_name, options), stdin=None),))


def _placeholder(options: Sequence[Word]) -> str | None:
    """Return the text that xargs replaces, or None when it only adds words at the end."""
    words = list(map(str, options))
    for index, text in enumerate(words):
        if text in ("-I", "--replace", "-i"):
            return words[index + 1] if text == "-I" and index + 1 < len(words) else "{}"
        if text.startswith("-I"):
            return text[2:]
    return None


def _input_words(stdin: Word | None) -> list[Word]:
    """Return the words that standard input gives, or one that is unknown."""
    if stdin is not None and (text := stdin.literal) is not None:
        return [replace(literal_word(word), variables=stdin.variables) for word in text.split()[:_MAX_INPUT_WORDS]]
    return [stdin or unknown_word(UnknownKind.OUTPUT, "standard input")]


def strip_container(
    command: Command, wrapper: Wrapper, wrapper_name: str, options: WrapperOptions
) -> StrippedWrapper | None:
    """`docker run [options] IMAGE COMMAND …`; without a command the image decides, and all stays as it is."""
    read_wrapper_options(wrapper, command.argv, options)
    image, *rest = command.argv[options.index :] or (None,)
    words = list(map(str, options.words))
    if "--entrypoint" in words[:-1]:
        rest = [options.words[words.index("--entrypoint") + 1], *rest]
    if image is None or not rest:
        return None
    return StrippedWrapper((replace(inner_command(command, tuple(rest), wrapper_name, options), image=image),))


def strip_package_version(command: Command, options: WrapperOptions) -> StrippedWrapper | None:
    """Take a package's version, scope and extras off the tool's name."""
    asked = _without_source(str(command.argv[0]))
    if asked.startswith((".", "/")) or asked.endswith((".go", ".ts", ".js", ".py")):
        return None
    package, version = _split_version(_without_source(str(options.package or asked)))
    tool = _split_version(asked)[0]
    rest = command.argv[1:]
    if rest and str(rest[0]) == "--":
        rest = rest[1:]
    name = _GO_MAJOR_VERSION.sub("", tool).rpartition("/")[2]
    argv = (with_value(command.argv[0], PACKAGE_PROGRAMS.get(tool, name)), *rest)
    return StrippedWrapper((replace(command, argv=argv, package=package, version=version),))


def _without_source(package: str) -> str:
    """Take off where a package comes from: `npm:twine`, `nixpkgs#twine`."""
    return package.removeprefix("npm:").removeprefix("jsr:").rpartition("#")[2]


def _split_version(package: str) -> tuple[str, str | None]:
    """Split `name@1`, `name==1`, `name[extra]`; a scope's own `@` stays."""
    found = _VERSION_SEPARATOR.search(package)
    if not found:
        return package, None
    return package[: found.start()], package[found.end() :].strip("=]") or None


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
