"""Take wrappers and runners off a command until the tool that acts stands in front."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import product

from bot.shell.options import Options, assignment, read_options
from bot.shell.script import Command, Hole, Word
from bot.shell.strip_wrappers import (
    STDIN,
    Found,
    Layer,
    Nested,
    inner,
    named,
    read_container,
    read_eval,
    read_find,
    read_handler,
    read_package,
    read_powershell,
    read_program,
    read_xargs,
)
from bot.shell.words import plain
from bot.shell.wrappers import WRAPPERS, Kind, Wrapper

_MAX_LAYERS = 16
_MAX_COMMANDS = 64  # that one find may start
_ENDINGS = (".exe", ".cmd", ".bat")


def _index(rows: Iterable[Wrapper]) -> Mapping[str, tuple[tuple[tuple[str, ...], Wrapper], ...]]:
    """Sort the rows under their first word, longest first; `a|b` is either."""
    table: dict[str, list[tuple[tuple[str, ...], Wrapper]]] = {}
    for row in rows:
        for words in product(*(word.split("|") for word in row.words.split())):
            table.setdefault(words[0], []).append((words, row))
    return {name: tuple(sorted(found, key=lambda pair: -len(pair[0]))) for name, found in table.items()}


TABLE = _index(WRAPPERS)


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
    return next((lowered.removesuffix(ending) for ending in _ENDINGS if lowered.endswith(ending)), text)


def unwrap(command: Command) -> list[Found]:
    """Return what a command runs in the end: usually one command, or scripts to be read in their turn."""
    waiting: list[tuple[Command, int]] = [(command, 0)]
    found: list[Found] = []
    while waiting and len(found) < _MAX_COMMANDS:
        one, layers = waiting.pop(0)
        name = tool_name(one.argv[0])
        layer = _take_off(one, name) if layers < _MAX_LAYERS else None
        if layer is None:
            found.append(_finish(one, name))
        else:
            found += layer.final
            waiting += ((inner, layers + 1) for inner in layer.inner)
    return found


def _finish(command: Command, name: str) -> Command:
    """Give the tool its plain name."""
    text = str(command.argv[0])
    if text == name:
        return command
    path = text if "/" in text or "\\" in text else command.path
    return replace(command, argv=(named(command.argv[0], name), *command.argv[1:]), path=path)


def _take_off(command: Command, name: str) -> Layer | None:
    """Take one wrapper off, or return None when there is none."""
    head = command.argv[0].values[0]
    if len(head) == 1 and isinstance(head[0], Hole) and len(command.argv) > 1:
        return _unknown_head(command)
    rows = TABLE.get(name) or TABLE.get(name.rstrip("0123456789."), ())
    for words, row in rows:
        if len(command.argv) < len(words):
            continue
        options = Options(1)
        if _matches(words, row, command.argv, options):
            layer = READERS[row.kind](command, row, " ".join(words), options)
            if layer is not None:
                return layer
    return None


def _unknown_head(command: Command) -> Layer | None:
    """`$PYTHON -m twine` is Python's; an unset `$SUDO` vanishes, so what follows may be the command."""
    shown = str(command.argv[0])
    if str(command.argv[1]) == "-m":
        return Layer((inner(command, command.argv[2:], f"{shown} -m", Options(2)),)) if len(command.argv) > 2 else None  # noqa: PLR2004 - the module's place
    following = command.argv[1].literal
    if command.argv[0].text.startswith('"') or not following or following.startswith("-") or shown in command.through:
        return None
    return Layer((inner(command, command.argv[1:], shown, Options(1)),), (command,))


def _matches(words: tuple[str, ...], row: Wrapper, argv: tuple[Word, ...], options: Options) -> bool:
    """Whether a row's words stand in front of a command, its options between them allowed."""
    for word in words[1:]:
        read_options(row, argv, options)
        if options.index >= len(argv) or str(argv[options.index]) != word:
            return False
        options.index += 1
    return True


def _read_command(command: Command, row: Wrapper, through: str, options: Options) -> Layer | None:
    """Read what most rows have: options, other words, the command."""
    argv = command.argv
    if row.until:
        _skip_until(row, argv, options)
    read_options(row, argv, options)
    if row.late:
        _read_late(row, argv, options)
    while row.commands and not options.command and options.index < len(argv):
        options.index += 1
        read_options(row, argv, options)
    if options.refused or (row.commands and not options.command):
        return None
    if options.script is not None:
        return Layer(final=(Nested(row.language, options.script, inner(command, argv, through, options)),))
    if options.module is not None:
        return Layer((inner(command, (options.module, *argv[options.index :]), through, options),))
    rest = _rest(row, argv, options)
    if not rest or (row.own and (rest[0].literal is None or rest[0].literal in row.own.split())):
        return None
    if row.becomes:
        rest = (plain(row.becomes), *rest)
    below = inner(command, rest, through, options)
    return read_package(below, options) if row.package else Layer((below,))


def _read_late(row: Wrapper, argv: tuple[Word, ...], options: Options) -> None:
    """Look for the script behind other words, too."""
    late = Options(options.index)
    while late.index < len(argv) and options.script is None:
        late.index += 1
        read_options(row, argv, late)
        options.script = late.script


def _rest(row: Wrapper, argv: tuple[Word, ...], options: Options) -> tuple[Word, ...]:
    """Go past the words and assignments that a row allows between its options and the command."""
    options.index += row.skip
    if row.skip and options.index < len(argv) and str(argv[options.index]) == "--":
        options.index += 1
    while row.assigns and options.index < len(argv) and (pair := assignment(argv[options.index])):
        options.environment[pair[0]] = pair[1]
        options.index += 1
    return argv[options.index :]


def _skip_until(row: Wrapper, argv: tuple[Word, ...], options: Options) -> None:
    """Go past the word that ends a wrapper's own words; without it, past words with a version: `mise x node@22 npm`."""
    words = [str(word) for word in argv]
    if row.until in words[options.index :]:
        options.index = words.index(row.until, options.index) + 1
    else:
        while options.index < len(words) and "@" in words[options.index]:
            options.index += 1


def _read_shell(command: Command, row: Wrapper, through: str, options: Options) -> Layer | None:
    """`bash [options] -c SCRIPT [words]`, `bash FILE` (which stays), or the script on standard input."""
    takes = row.values.split()
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
    around = inner(command, argv, through, options)
    if script and rest:
        return Layer(final=(Nested(row.language, rest[0], around, rest[2:]),))
    if (not rest or str(rest[0]) in STDIN) and command.stdin is not None:
        return Layer(final=(Nested(row.language, command.stdin, replace(around, stdin=None), rest[1:]),))
    return None


READERS = {
    Kind.COMMAND: _read_command,
    Kind.SHELL: _read_shell,
    Kind.PROGRAM: read_program,
    Kind.EVAL: read_eval,
    Kind.HANDLER: read_handler,
    Kind.POWERSHELL: read_powershell,
    Kind.FIND: read_find,
    Kind.XARGS: read_xargs,
    Kind.CONTAINER: read_container,
}
