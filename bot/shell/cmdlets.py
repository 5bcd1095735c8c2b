"""What PowerShell's own commands do: print, write, change folder, start another program."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.shell.builtins import cat, cd, echo, source_file
from bot.shell.interpreter import Interpreter
from bot.shell.script import Command, UnknownKind, Word
from bot.shell.strip_wrappers import NestedScript
from bot.shell.words import join_words, literal_word, unknown_word

_PATH_PARAMETERS = ("-path", "-filepath", "-literalpath")
_SWITCH_PARAMETERS = ("-append", "-force", "-nonewline", "-passthru", "-noclobber", "-wait", "-nonewwindow")


def _split_parameters(command: Command) -> tuple[dict[str, Word], list[Word]]:
    """Split a cmdlet's words into named ones (names in lower case, a switch with its own word) and others."""
    found: dict[str, Word] = {}
    others: list[Word] = []
    words = list(command.argv[1:])
    while words:
        word = words.pop(0)
        name = str(word).lower()
        if not name.startswith("-") or word.text.startswith(("'", '"')):
            others.append(word)
        elif name in _SWITCH_PARAMETERS or not words:
            found[name] = word
        else:
            found[name] = words.pop(0)
    return found, others


def write_content(interpreter: Interpreter, command: Command) -> Word | None:
    """`Set-Content`, `Add-Content`, `Out-File`, `Tee-Object`."""
    found, others = _split_parameters(command)
    target = next((found[name] for name in _PATH_PARAMETERS if name in found), None)
    if target is None and others:
        target = others.pop(0)
    content = found.get("-value") or found.get("-inputobject") or (others[0] if others else command.stdin)
    if target is not None:
        content = content or unknown_word(UnknownKind.OUTPUT, command.text)
        append = "-append" in found or command.tool == "add-content"
        interpreter.write_file(target, content, append=append, line=command.line)
    return command.stdin


def write_output(interpreter: Interpreter, command: Command) -> Word | None:
    """`Write-Output`, `Write-Host`."""
    found, others = _split_parameters(command)
    words = [found["-inputobject"]] if "-inputobject" in found else others
    return echo(interpreter, replace(command, argv=(literal_word("echo"), *words)))


def invoke_expression(interpreter: Interpreter, command: Command) -> Word | None:
    """`Invoke-Expression TEXT`."""
    found, others = _split_parameters(command)
    script = found.get("-command") or (join_words(others) if others else command.stdin)
    if script is None:
        return None
    around = replace(command, wrappers=(*command.wrappers, "invoke-expression"), stdin=None)
    return interpreter.run_nested(NestedScript("pwsh", script, around))


def start_process(interpreter: Interpreter, command: Command) -> Word | None:
    """`Start-Process TOOL -ArgumentList …`: a list, or one text with spaces."""
    found, others = _split_parameters(command)
    tool = found.get("-filepath") or (others[0] if others else None)
    if tool is None:
        return None
    given = [found["-argumentlist"]] if "-argumentlist" in found else others[1:]
    words = [word for one in given for word in _split_argument_list(one)]
    through = (*command.wrappers, "start-process")
    return interpreter.run(replace(command, argv=(tool, *words), wrappers=through, redirects=()))


def _split_argument_list(word: Word) -> list[Word]:
    """Split a list of arguments as it is written; what is unknown stays one word."""
    text = word.literal
    if text is None:
        inside = word.text.removeprefix("@(").removesuffix(")")
        pieces = [piece.strip().strip("'\"") for piece in inside.split(",")]
        return [Word(piece, ((piece,),), word.variables, word.expressions) for piece in pieces if piece]
    pieces = text.replace(",", " ").split()
    return [Word(piece, ((piece,),), word.variables, word.expressions) for piece in pieces]


CMDLETS: Mapping[str, Callable[[Interpreter, Command], Word | None]] = {
    "set-content": write_content,
    "add-content": write_content,
    "out-file": write_content,
    "tee-object": write_content,
    "write-output": write_output,
    "write-host": write_output,
    "get-content": cat,
    "gc": cat,
    "set-location": cd,
    "push-location": cd,
    "sl": cd,
    "invoke-expression": invoke_expression,
    "iex": invoke_expression,
    "start-process": start_process,
    ".": source_file,
}
