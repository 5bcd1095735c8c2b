"""The less usual wrappers, one reader for each kind: interpreters, eval, find, xargs, containers, packages."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

from bot.shell.options import Options, read_options
from bot.shell.script import Command, HoleKind, Word
from bot.shell.words import join, plain, unknown
from bot.shell.wrappers import PROGRAMS, Wrapper

STDIN = ("-", "/dev/stdin")
_VERSION = re.compile(r"(?<=.)@|[=~!<>]=|[<>\[]")
_MAJOR = re.compile(r"/v\d+$")  # the end of a Go module's path: example.test/tool/v2
_MAX_GIVEN = 64  # words that xargs takes from known input
# -EncodedCommand, which PowerShell also knows by its beginnings, and after a slash: about_pwsh, "-EncodedCommand | -e | -ec".
ENCODED_COMMAND = re.compile(r"[-/]e(?:c|n(?:c\w*)?)?", re.IGNORECASE)
_FIND_COMMANDS = ("-exec", "-execdir", "-ok", "-okdir")


@dataclass(frozen=True, slots=True)
class Nested:
    """A script inside a command: `bash -c SCRIPT`, `eval`, `python -c`, standard input of a shell."""

    language: str
    script: Word
    around: Command  # what it inherits: environment, wrappers, folder, line
    positional: tuple[Word, ...] = ()
    elsewhere: bool = False  # it was written elsewhere in the script: its lines count as that of the command


Found: TypeAlias = Command | Nested


class Layer(NamedTuple):
    """What is under one wrapper: commands that may be wrapped again, and results that are final."""

    inner: tuple[Command, ...] = ()
    final: tuple[Found, ...] = ()


def named(word: Word, name: str) -> Word:
    """Return the word with another value."""
    return word if str(word) == name else replace(word, values=((name,) if name else (),))


def lowered(word: Word) -> str:
    """Return a tool's name as Windows knows it, without regard to case; a path keeps its own, which a repository knows."""
    text = str(word)
    return text if word.literal is None or "/" in text or "\\" in text else text.lower()


def inner(command: Command, argv: tuple[Word, ...], through: str, options: Options) -> Command:
    """Return the command inside, with all that the wrapper says about it."""
    env = command.env
    if options.environment:
        given = options.environment.items()
        env = {**env, **{name: unknown(HoleKind.VARIABLE, name) if word is None else word for name, word in given}}
    return replace(
        command,
        argv=argv,
        env=env,
        through=(*command.through, through),
        options=(*command.options, *options.seen),
        directory=options.directory or command.directory,
        path=None,
    )


def read_program(command: Command, row: Wrapper, through: str, options: Options) -> Layer | None:
    """`python -m MODULE …`, `python -c PROGRAM`, a program on standard input; `python FILE` stays as it is."""
    argv = command.argv
    read_options(row, argv, options)
    if options.module is not None:
        return Layer((inner(command, (options.module, *argv[options.index :]), f"{through} -m", options),))
    around = inner(command, argv, through, options)
    if options.script is not None:
        return Layer(final=(Nested(row.language, options.script, around),))
    rest = argv[options.index :]
    if (not rest or str(rest[0]) in STDIN) and command.stdin is not None:
        return Layer(final=(Nested(row.language, command.stdin, replace(around, stdin=None)),))
    return None


def read_eval(command: Command, row: Wrapper, through: str, options: Options) -> Layer | None:
    """All words together are a script: `eval`, `cmd /c`."""
    index = options.index
    flag = "/" if row.language == "cmd" else "-"
    while index < len(command.argv) and str(command.argv[index]).startswith(flag):
        index += 1
    rest = command.argv[index:]
    if not rest:
        return None
    return Layer(final=(Nested(row.language, join(rest), inner(command, command.argv, through, options)),))


def read_handler(command: Command, row: Wrapper, through: str, options: Options) -> Layer | None:
    """Read a script in the first word: `trap 'npm publish' EXIT`."""
    read_options(row, command.argv, options)
    options.index += row.skip
    if options.refused or options.index >= len(command.argv):
        return None
    script = command.argv[options.index]
    return Layer(final=(Nested(row.language, script, inner(command, command.argv, through, options)),))


def read_powershell(command: Command, row: Wrapper, through: str, options: Options) -> Layer | None:
    """`pwsh -Command …`: the rest is a script; options know no case; `-File` and `-EncodedCommand` stay as they are."""
    takes = row.values.split()
    argv, index = command.argv, 1
    around = inner(command, argv, through, options)
    while index < len(argv) and (text := str(argv[index]).lower()) != "-":
        if ENCODED_COMMAND.fullmatch(text):
            return None
        if not text.startswith("-"):
            break
        index += 1
        if text in row.scripts.split():
            return Layer(final=(Nested("pwsh", join(argv[index:]), around),)) if argv[index:] else None
        index += text in takes
    if index < len(argv) and through == "powershell":
        return Layer(final=(Nested("pwsh", join(argv[index:]), around),))
    if command.stdin is not None and (index >= len(argv) or str(argv[index]) in STDIN):
        return Layer(final=(Nested("pwsh", command.stdin, replace(around, stdin=None)),))
    return None


def read_find(command: Command, row: Wrapper, through: str, options: Options) -> Layer | None:
    """`find … -exec COMMAND {} ;`, as often as it stands there."""
    del row
    found: list[Command] = []
    start = None
    for index, word in enumerate(command.argv):
        text = str(word)
        if start is None and text in _FIND_COMMANDS:
            start = index + 1
        elif start is not None and text in (";", "+"):
            found += [inner(command, command.argv[start:index], through, options)] if index > start else []
            start = None
    if start is not None and start < len(command.argv):
        found.append(inner(command, command.argv[start:], through, options))
    return Layer(tuple(found), (command,)) if found else None


def read_xargs(command: Command, row: Wrapper, through: str, options: Options) -> Layer | None:
    """`xargs COMMAND`: the words of standard input follow, or stand where `-I` says."""
    read_options(row, command.argv, options)
    rest = list(command.argv[options.index :])
    while ":::" in map(str, rest):
        rest = rest[: list(map(str, rest)).index(":::")]
    if not rest:
        return None
    given = _given(command.stdin)
    mark = _mark(options.seen)
    if mark is None:
        rest += given
    else:
        rest = [join(given) if str(word) == mark else word for word in rest]
    return Layer((replace(inner(command, tuple(rest), through, options), stdin=None),))


def _mark(seen: Sequence[Word]) -> str | None:
    """Return the text that xargs replaces, or None when it only adds words at the end."""
    words = list(map(str, seen))
    for index, text in enumerate(words):
        if text in ("-I", "--replace", "-i"):
            return words[index + 1] if text == "-I" and index + 1 < len(words) else "{}"
        if text.startswith("-I"):
            return text[2:]
    return None


def _given(stdin: Word | None) -> list[Word]:
    """Return the words that standard input gives, or one that is unknown."""
    if stdin is not None and (text := stdin.literal) is not None:
        return [replace(plain(word), variables=stdin.variables) for word in text.split()[:_MAX_GIVEN]]
    return [stdin or unknown(HoleKind.OUTPUT, "standard input")]


def read_container(command: Command, row: Wrapper, through: str, options: Options) -> Layer | None:
    """`docker run [options] IMAGE COMMAND …`; without a command the image decides, and all stays as it is."""
    read_options(row, command.argv, options)
    image, *rest = command.argv[options.index :] or (None,)
    words = list(map(str, options.seen))
    if "--entrypoint" in words[:-1]:
        rest = [options.seen[words.index("--entrypoint") + 1], *rest]
    if image is None or not rest:
        return None
    return Layer((replace(inner(command, tuple(rest), through, options), image=image),))


def read_package(command: Command, options: Options) -> Layer | None:
    """Take a package's version, scope and extras off the tool's name."""
    asked = _bare(str(command.argv[0]))
    if asked.startswith((".", "/")) or asked.endswith((".go", ".ts", ".js", ".py")):
        return None
    package, version = _split_version(_bare(str(options.package or asked)))
    tool = _split_version(asked)[0]
    rest = command.argv[1:]
    if rest and str(rest[0]) == "--":
        rest = rest[1:]
    name = _MAJOR.sub("", tool).rpartition("/")[2]
    argv = (named(command.argv[0], PROGRAMS.get(tool, name)), *rest)
    return Layer((replace(command, argv=argv, package=package, version=version),))


def _bare(package: str) -> str:
    """Take off where a package comes from: `npm:twine`, `nixpkgs#twine`."""
    return package.removeprefix("npm:").removeprefix("jsr:").rpartition("#")[2]


def _split_version(package: str) -> tuple[str, str | None]:
    """Split `name@1`, `name==1`, `name[extra]`; a scope's own `@` stays."""
    found = _VERSION.search(package)
    if not found:
        return package, None
    return package[: found.start()], package[found.end() :].strip("=]") or None
