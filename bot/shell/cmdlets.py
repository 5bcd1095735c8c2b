"""What PowerShell's own commands do: print, write, change folder, start another program."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.shell.builtins import cat, cd, echo, source
from bot.shell.interpreter import Session
from bot.shell.script import Command, HoleKind, Word
from bot.shell.strip_wrappers import Nested
from bot.shell.words import join, plain, unknown

_PATHS = ("-path", "-filepath", "-literalpath")
_SWITCHES = ("-append", "-force", "-nonewline", "-passthru", "-noclobber", "-wait", "-nonewwindow")


def _arguments(command: Command) -> tuple[dict[str, Word], list[Word]]:
    """Split a cmdlet's words into named ones (names in lower case, a switch with its own word) and others."""
    found: dict[str, Word] = {}
    others: list[Word] = []
    words = list(command.argv[1:])
    while words:
        word = words.pop(0)
        name = str(word).lower()
        if not name.startswith("-") or word.text.startswith(("'", '"')):
            others.append(word)
        elif name in _SWITCHES or not words:
            found[name] = word
        else:
            found[name] = words.pop(0)
    return found, others


def write(session: Session, command: Command) -> Word | None:
    """`Set-Content`, `Add-Content`, `Out-File`, `Tee-Object`."""
    found, others = _arguments(command)
    target = next((found[name] for name in _PATHS if name in found), None)
    if target is None and others:
        target = others.pop(0)
    content = found.get("-value") or found.get("-inputobject") or (others[0] if others else command.stdin)
    if target is not None:
        content = content or unknown(HoleKind.OUTPUT, command.text)
        append = "-append" in found or command.tool == "add-content"
        session.write(target, content, append=append, line=command.line)
    return command.stdin


def show(session: Session, command: Command) -> Word | None:
    """`Write-Output`, `Write-Host`."""
    found, others = _arguments(command)
    words = [found["-inputobject"]] if "-inputobject" in found else others
    return echo(session, replace(command, argv=(plain("echo"), *words)))


def invoke(session: Session, command: Command) -> Word | None:
    """`Invoke-Expression TEXT`."""
    found, others = _arguments(command)
    script = found.get("-command") or (join(others) if others else command.stdin)
    if script is None:
        return None
    around = replace(command, through=(*command.through, "invoke-expression"), stdin=None)
    return session.nested(Nested("pwsh", script, around))


def start(session: Session, command: Command) -> Word | None:
    """`Start-Process TOOL -ArgumentList …`: a list, or one text with spaces."""
    found, others = _arguments(command)
    tool = found.get("-filepath") or (others[0] if others else None)
    if tool is None:
        return None
    given = [found["-argumentlist"]] if "-argumentlist" in found else others[1:]
    words = [word for one in given for word in _split(one)]
    through = (*command.through, "start-process")
    return session.run(replace(command, argv=(tool, *words), through=through, redirects=()))


def _split(word: Word) -> list[Word]:
    """Split a list of arguments as it is written; what is unknown stays one word."""
    text = word.literal
    if text is None:
        inside = word.text.removeprefix("@(").removesuffix(")")
        pieces = [piece.strip().strip("'\"") for piece in inside.split(",")]
        return [Word(piece, ((piece,),), word.variables, word.expressions) for piece in pieces if piece]
    pieces = text.replace(",", " ").split()
    return [Word(piece, ((piece,),), word.variables, word.expressions) for piece in pieces]


CMDLETS: Mapping[str, Callable[[Session, Command], Word | None]] = {
    "set-content": write,
    "add-content": write,
    "out-file": write,
    "tee-object": write,
    "write-output": show,
    "write-host": show,
    "get-content": cat,
    "gc": cat,
    "set-location": cd,
    "push-location": cd,
    "sl": cd,
    "invoke-expression": invoke,
    "iex": invoke,
    "start-process": start,
    ".": source,
}
