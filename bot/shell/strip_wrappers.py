"""The less usual wrappers, one reader for each kind: interpreters, eval, find, xargs, containers, packages."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

from bot.shell.options import WrapperOptions, read_wrapper_options
from bot.shell.script import Command, UnknownKind, Word
from bot.shell.words import join_words, literal_word, unknown_word
from bot.shell.wrappers import PACKAGE_PROGRAMS, Wrapper

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
