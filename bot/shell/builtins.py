"""What the shell's own commands do: print, write, read, change folder, end."""

import re
from collections.abc import Callable, Mapping

from bot.shell.files import read_workflow_command
from bot.shell.interpreter import EndedError, Session
from bot.shell.script import Command, HoleKind, Word
from bot.shell.strip_wrappers import Nested
from bot.shell.variables import DIRECTORY
from bot.shell.words import Origin, join, plain, unknown

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "a": "\a", "0": "\0", '"': '"', "'": "'"}
_ESCAPE = re.compile(r"\\([ntra0\\\"'])")
_SPECIFIER = re.compile(r"%(?:%|[-+ #0]*+\d*+(?:\.\d{1,9})?[sbdiqxXuof])")


def _text(word: Word, change: Callable[[str], str]) -> Word:
    """Change the known parts of a word."""
    values = tuple(tuple(change(part) if isinstance(part, str) else part for part in value) for value in word.values)
    return Word(word.text, values, word.variables, word.expressions)


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda found: _ESCAPES[found[1]], text)


def echo(session: Session, command: Command) -> Word | None:
    """Print the words; `::set-output` is for GitHub."""
    words = list(command.argv[1:])
    escapes = False
    while words and (flag := words[0].literal) in ("-n", "-e", "-E", "-ne", "-en"):
        escapes = escapes or "e" in (flag or "")
        words.pop(0)
    printed = join(words) if words else plain("")
    if escapes:
        printed = _text(printed, _unescape)
    said = read_workflow_command(printed)
    if said:
        session.collect(session.outputs if said[0] == "output" else session.environment, [(said[1], said[2])])
    return printed


def printf(session: Session, command: Command) -> Word | None:
    """Print a format with words in it."""
    if len(command.argv) > 2 and command.argv[1].literal == "-v":  # noqa: PLR2004 - `printf -v NAME FORMAT`
        session.scope.assign(str(command.argv[2]), join(command.argv[3:]) if command.argv[3:] else plain(""))
        return None
    words = [word for word in command.argv[1:] if word.literal != "--"]
    form = words[0].literal if words else ""
    if form is None:
        return join(words)
    pieces, rest, waiting = [], words[1:], form
    while True:
        position = 0
        for found in _SPECIFIER.finditer(waiting):
            pieces.append(plain(_unescape(waiting[position : found.start()])))
            pieces.append(plain("%") if found[0] == "%%" else rest.pop(0) if rest else plain(""))
            position = found.end()
        pieces.append(plain(_unescape(waiting[position:])))
        if not rest or position == 0:
            return join(pieces, "")


def cat(session: Session, command: Command) -> Word | None:
    """Print standard input, or files that the script wrote itself."""
    files = [word for word in command.argv[1:] if not str(word).startswith("-")]
    if not files:
        return command.stdin or unknown(HoleKind.OUTPUT, command.text)
    known = [session.scope.files.get(str(word).removeprefix("./")) for word in files]
    if any(word is None for word in known):
        origin = Origin()
        for word in files:
            origin.add(word)
        return unknown(HoleKind.OUTPUT, command.text, origin)
    return join([word for word in known if word], "\n")


def tee(session: Session, command: Command) -> Word | None:
    """Write standard input into files, and print it."""
    content = command.stdin or unknown(HoleKind.OUTPUT, command.text)
    flags = {str(word) for word in command.argv[1:] if str(word).startswith("-")}
    for word in command.argv[1:]:
        if str(word) not in flags:
            session.write(word, content, append=bool(flags & {"-a", "--append"}), line=command.line)
    return content


def cd(session: Session, command: Command) -> None:
    """Change the folder."""
    words = [word for word in command.argv[1:] if not str(word).startswith("-")]
    before = session.scope.find(DIRECTORY)
    goal = words[0] if words else plain("~")
    if isinstance(before, Word) and str(before) and not str(goal).startswith(("/", "~", "$")):
        goal = join([before, goal], "/")
    session.scope.assign(DIRECTORY, goal)


def read(session: Session, command: Command) -> None:
    """Read a line of standard input into variables: the whole of it, as far as it is known."""
    names = [str(word) for word in command.argv[1:] if str(word).isidentifier()]
    stdin = command.stdin or unknown(HoleKind.OUTPUT, "standard input")
    for name in names:
        text = stdin.literal
        lines = [line.strip() for line in (text or "").splitlines() if line.strip()]
        word = (
            Word(stdin.text, tuple((line,) for line in lines), stdin.variables, stdin.expressions) if lines else stdin
        )
        session.scope.assign(name, word)


def set_(session: Session, command: Command) -> None:
    """`set -- a b` gives the script other words; other options change nothing that matters here."""
    words = [str(word) for word in command.argv]
    if "--" in words:
        session.scope.positional = command.argv[words.index("--") + 1 :]


def exit_(session: Session, command: Command) -> None:
    """End the shell, when nothing stands in the way."""
    del command
    if not session.conditional:
        raise EndedError


def source(session: Session, command: Command) -> Word | None:
    """Read a file that the script wrote itself, in this shell."""
    return _run_file(session, command, 1)


def shell(session: Session, command: Command) -> Word | None:
    """`bash FILE`, of a file that the script wrote itself."""
    index = next((n for n, word in enumerate(command.argv[1:], 1) if not str(word).startswith(("-", "+"))), 0)
    return _run_file(session, command, index) if index else None


def _run_file(session: Session, command: Command, index: int) -> Word | None:
    if len(command.argv) <= index:
        return None
    content = session.scope.files.get(str(command.argv[index]).removeprefix("./"))
    return (
        session.nested(Nested("bash", content, command, command.argv[index + 1 :], elsewhere=True)) if content else None
    )


EFFECTS: Mapping[str, Callable[[Session, Command], Word | None]] = {
    "echo": echo,
    "printf": printf,
    "cat": cat,
    "tee": tee,
    "cd": cd,
    "pushd": cd,
    "read": read,
    "set": set_,
    "exit": exit_,
    "source": source,
    ".": source,
    **dict.fromkeys(("bash", "sh", "zsh", "dash", "ash", "ksh"), shell),
}
