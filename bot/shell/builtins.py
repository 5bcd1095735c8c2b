"""Evaluates shell builtins and PowerShell cmdlets that print, write files or change folders."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.shell.interpreter import Interpreter, ShellExitError
from bot.shell.script import Command, UnknownKind, Word, WordOrigin, join_words, literal_word, unknown_word
from bot.shell.strip_wrappers import NestedScript
from bot.shell.variables import DIRECTORY_VARIABLE, read_workflow_command

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "a": "\a", "0": "\0", '"': '"', "'": "'"}
_ESCAPE = re.compile(r"\\([ntra0\\\"'])")
_SPECIFIER = re.compile(r"%(?:%|[-+ #0]*+\d*+(?:\.\d{1,9})?[sbdiqxXuof])")


def _change_text(word: Word, change: Callable[[str], str]) -> Word:
    """Change the known parts of a word."""
    values = tuple(tuple(change(part) if isinstance(part, str) else part for part in value) for value in word.values)
    return Word(word.text, values, word.variables, word.expressions)


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPES[found[1]], text)


def echo(interpreter: Interpreter, command: Command) -> Word | None:
    """Print the words; `::set-output` is for GitHub."""
    words = list(command.argv[1:])
    escapes = False
    while words and (flag := words[0].literal) in ("-n", "-e", "-E", "-ne", "-en"):
        escapes = escapes or "e" in (flag or "")
        words.pop(0)
    printed = join_words(words) if words else literal_word("")
    if escapes:
        printed = _change_text(printed, _unescape)
    said = read_workflow_command(printed)
    if said:
        interpreter.merge_assignments(
            interpreter.github_output if said[0] == "output" else interpreter.github_env, [(said[1], said[2])]
        )
    return printed


def printf(interpreter: Interpreter, command: Command) -> Word | None:
    """Print a format with words in it."""
    if len(command.argv) > 2 and command.argv[1].literal == "-v":  # noqa: PLR2004 - `printf -v NAME FORMAT`
        interpreter.variables.assign(
            str(command.argv[2]), join_words(command.argv[3:]) if command.argv[3:] else literal_word("")
        )
        return None
    words = [word for word in command.argv[1:] if word.literal != "--"]
    form = words[0].literal if words else ""
    if form is None:
        return join_words(words)
    pieces, rest, waiting = [], words[1:], form
    while True:
        position = 0
        for found in _SPECIFIER.finditer(waiting):
            pieces.append(literal_word(_unescape(waiting[position : found.start()])))
            pieces.append(literal_word("%") if found[0] == "%%" else rest.pop(0) if rest else literal_word(""))
            position = found.end()
        pieces.append(literal_word(_unescape(waiting[position:])))
        if not rest or position == 0:
            return join_words(pieces, "")


def cat(interpreter: Interpreter, command: Command) -> Word | None:
    """Print standard input, or files that the script wrote itself."""
    files = [word for word in command.argv[1:] if not str(word).startswith("-")]
    if not files:
        return command.stdin or unknown_word(UnknownKind.OUTPUT, command.text)
    known = [interpreter.variables.files.get(str(word).removeprefix("./")) for word in files]
    if any(word is None for word in known):
        origin = WordOrigin()
        for word in files:
            origin.add(word)
        return unknown_word(UnknownKind.OUTPUT, command.text, origin)
    return join_words([word for word in known if word], "\n")


def tee(interpreter: Interpreter, command: Command) -> Word | None:
    """Write standard input into files, and print it."""
    content = command.stdin or unknown_word(UnknownKind.OUTPUT, command.text)
    flags = {str(word) for word in command.argv[1:] if str(word).startswith("-")}
    for word in command.argv[1:]:
        if str(word) not in flags:
            interpreter.write_file(word, content, append=bool(flags & {"-a", "--append"}), line=command.line)
    return content


def cd(interpreter: Interpreter, command: Command) -> None:
    """Change the folder."""
    words = [word for word in command.argv[1:] if not str(word).startswith("-")]
    before = interpreter.variables.find(DIRECTORY_VARIABLE)
    goal = words[0] if words else literal_word("~")
    if isinstance(before, Word) and str(before) and not str(goal).startswith(("/", "~", "$")):
        goal = join_words([before, goal], "/")
    interpreter.variables.assign(DIRECTORY_VARIABLE, goal)


def read_variables(interpreter: Interpreter, command: Command) -> None:
    """Read a line of standard input into variables: the whole of it, as far as it is known."""
    names = [str(word) for word in command.argv[1:] if str(word).isidentifier()]
    stdin = command.stdin or unknown_word(UnknownKind.OUTPUT, "standard input")
    for name in names:
        text = stdin.literal
        lines = [line.strip() for line in (text or "").splitlines() if line.strip()]
        word = (
            Word(stdin.text, tuple((line,) for line in lines), stdin.variables, stdin.expressions) if lines else stdin
        )
        interpreter.variables.assign(name, word)


def set_positional(interpreter: Interpreter, command: Command) -> None:
    """`set -- a b` gives the script other words; other options change nothing that matters here."""
    words = [str(word) for word in command.argv]
    if "--" in words:
        interpreter.variables.positional = command.argv[words.index("--") + 1 :]


def shift(interpreter: Interpreter, command: Command) -> None:
    """`shift [N]` drops the first words of the script or function."""
    count = command.argv[1].literal if len(command.argv) > 1 else "1"
    words = interpreter.variables.positional
    known = words is not None and count is not None and count.isdecimal()
    interpreter.variables.positional = words[int(count) :] if known and words is not None and count else None


def exit_shell(interpreter: Interpreter, command: Command) -> None:
    """End the shell, when nothing stands in the way."""
    del command
    if not interpreter.conditional:
        raise ShellExitError


def source_file(interpreter: Interpreter, command: Command) -> Word | None:
    """Read a file that the script wrote itself, in this shell."""
    return _run_file(interpreter, command, 1)


def run_shell_file(interpreter: Interpreter, command: Command) -> Word | None:
    """`bash FILE`, of a file that the script wrote itself."""
    index = next((n for n, word in enumerate(command.argv[1:], 1) if not str(word).startswith(("-", "+"))), 0)
    return _run_file(interpreter, command, index) if index else None


def _run_file(interpreter: Interpreter, command: Command, index: int) -> Word | None:
    if len(command.argv) <= index:
        return None
    content = interpreter.variables.files.get(str(command.argv[index]).removeprefix("./"))
    return (
        interpreter.run_nested(
            NestedScript("bash", content, command, command.argv[index + 1 :], written_elsewhere=True)
        )
        if content
        else None
    )


SHELL_BUILTINS: Mapping[str, Callable[[Interpreter, Command], Word | None]] = {
    "echo": echo,
    "printf": printf,
    "cat": cat,
    "tee": tee,
    "cd": cd,
    "pushd": cd,
    "read": read_variables,
    "set": set_positional,
    "shift": shift,
    "exit": exit_shell,
    "source": source_file,
    ".": source_file,
    **dict.fromkeys(("bash", "sh", "zsh", "dash", "ash", "ksh"), run_shell_file),
}


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
