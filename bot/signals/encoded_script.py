"""The signal encoded-script: a step newly runs what nobody can read."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from bot.commands import Command, HoleKind, Word, show
from bot.findings import About, Finding, Unseen
from bot.names import RuleName
from bot.repository import Snapshot
from bot.signals.model import Change
from bot.signals.news import Sight, newly
from bot.signals.scripts import Ran, ran
from bot.signals.signal import Signal

_DECODERS = re.compile(
    r"^(?:\S*/)?(?:base64|base32|gbase64|basenc)\b.*\s(?:-\w*[dD]\w*|--decode)\b|^(?:\S*/)?xxd\b.*\s-\w*r|^(?:\S*/)?openssl\s+(?:enc\s+)?-?(?:base64|\S*)\b.*\s-d\b"
)
_RUNS = frozenset({"bash", "sh", "dash", "zsh", "ksh", "eval", "source", ".", "python", "python3", "node", "perl", "ruby", "php", "pwsh"})  # fmt: skip
# In a program: text that is decoded and run, in the words of Python, JavaScript, Ruby, Perl and PowerShell.
_DECODED = r"b64decode|b85decode|a85decode|unhexlify|fromhex|Buffer\.from\s*\(|\batob\s*\(|unpack1?\s*\(?\s*['\"]m|decode_base64|FromBase64String"
_EXECUTED = r"\bexec\s*\(|\beval\b|\bnew\s+Function\b|\bFunction\s*\(|execSync|spawnSync|\bspawn\s*\(|child_process|os\.system|subprocess|\biex\b|Invoke-Expression|vm\.run|\bsystem\s*\("
_DECODES, _EXECUTES = re.compile(_DECODED), re.compile(_EXECUTED)
_NODES = re.compile(r"['\"](?:base64(?:url)?|hex)['\"]")
_ENCODED_COMMAND = re.compile(r"(?i)^-e(?:c|nc\w*)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedScript(Signal):
    """A script newly decodes something and runs it.

    What is encoded is not meant to be read: neither by a reviewer nor by a search for the name of a host.
    """

    name: ClassVar[RuleName] = RuleName("encoded-script")

    def applies(self, change: Change) -> bool:
        return change.on_branch

    def check(self, change: Change) -> Iterator[Finding | Unseen]:
        yield from newly(change, _look)


def _look(snapshot: Snapshot, paths: frozenset[str]) -> Iterator[Sight]:
    for one in ran(snapshot, paths):
        yield from one.in_part()
        found: dict[int | None, None] = {}
        found |= dict.fromkeys(_in_commands(one))
        if not found and (line := _in_program(one.text)) is not None:
            found[line] = None
        inputs = [text.value for text in one.inputs.values() if _in_program(text.value) is not None]
        if inputs:
            found[None] = None
        yield from (_sight(one, line) for line in found)


def _sight(one: Ran, line: int | None) -> Sight:
    text = one.text.split("\n")[line] if line is not None else str([text.value for text in one.inputs.values()])
    finding = Finding(
        one.place(line),
        "decodes something and runs it, so that nobody who reads the workflow sees what runs",
        "Decode it where it does no harm and look at it; if it is yours, write it out as a script in the repository.",
        about=About(job=one.job),
    )
    return Sight(("encoded", " ".join(text.split())[:500]), finding)


def _in_commands(one: Ran) -> Iterator[int]:
    """Yield the lines on which a shell runs what a decoder printed."""
    script = one.script()
    begun = _begun(one.text)
    decoding = {begun(command.line) for command in script.commands if _DECODERS.search(command.text)}
    files = {name for write in script.writes if _is_decoded(write.content) for name in write.target.literals}
    for command in script.commands:
        tool = command.tool.lower()
        if _says_encoded(command) or {command.path, tool, f"./{tool}"} & files:
            yield command.line
        elif tool in _RUNS:
            words = [*command.argv[1:], *([command.stdin] if command.stdin else [])]
            piped = begun(command.line) in decoding and len(command.argv) == 1  # `… | base64 -d | bash`
            if piped or any(map(_is_decoded, words)) or any(name in files for word in words for name in word.literals):
                yield command.line


def _begun(text: str) -> Callable[[int], int]:
    """Return on which line the command began that goes on on a line: after `|` or a backslash it does."""
    lines = text.split("\n")
    first: list[int] = []
    for number in range(len(lines)):
        goes_on = number > 0 and lines[number - 1].rstrip().endswith(("|", "\\"))
        first.append(first[-1] if goes_on else number)
    return lambda line: first[line] if line < len(first) else line


def _is_decoded(word: Word) -> bool:
    return any(hole.kind is HoleKind.OUTPUT and _DECODERS.search(hole.name) for hole in word.holes)


def _says_encoded(command: Command) -> bool:
    """Whether this is PowerShell's -EncodedCommand."""
    words = [show(word.values[0]) for word in command.argv]
    return words[0].lower() in ("pwsh", "powershell") and any(map(_ENCODED_COMMAND.fullmatch, words[1:]))


def _in_program(text: str) -> int | None:
    """Return the line on which a program decodes something, where it also runs something."""
    decoded = _DECODES.search(text)
    if decoded is None or not _EXECUTES.search(text):
        return None
    if "Buffer" in decoded[0] and not _NODES.search(text):  # made of something else than an encoded text
        return None
    return text.count("\n", 0, decoded.start())
