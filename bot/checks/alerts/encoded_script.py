"""Detects scripts that newly decode data and run the result."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from bot.checks.alerts.change_alert import ChangeAlert, RepositoryChange
from bot.checks.alerts.new_findings import KeyedFinding, new_findings
from bot.checks.alerts.secret_flow import ScriptStep, script_steps
from bot.model.core_types import RuleName
from bot.model.findings import Finding, FindingSubject, Unknown
from bot.shell import ENCODED_COMMAND_OPTION, Command, UnknownKind, Word, value_text
from bot.snapshot.repository_snapshot import Snapshot

_DECODERS = re.compile(
    r"^(?:\S*/)?(?:base64|base32|gbase64|basenc)\b.*\s(?:-\w*[dD]\w*|--decode)\b|^(?:\S*/)?xxd\b.*\s-\w*r|^(?:\S*/)?openssl\s+(?:enc\s+)?-?(?:base64|\S*)\b.*\s-d\b"
)
# What unpacks, decrypts or turns round: told where a shell runs it at once, and not where it is put into a file, as downloads are.
_UNPACKERS = re.compile(
    r"^(?:\S*/)?(?:(?:gunzip|zcat|bunzip2|bzcat|unxz|xzcat|unzstd|zstdcat|uudecode|rev)\b|(?:gzip|bzip2|xz|zstd|lz4|lzma)\b.*\s-(?:\w*d|-decompress)"
    r"|gpg2?\b.*\s(?:-d|--decrypt)\b|tr\b.*\b[n-z]-za-[m-y]\b|jq\b.*@base64d)",
    re.IGNORECASE,
)
_MAX_COMMAND_LENGTH = 500  # characters of a command that are looked at
_STDIN = frozenset({"-", "/dev/stdin"})
# Four printable signs or more by their numbers, as in printf '\x63\165…': nobody writes letters so who wants them read.
_CHARACTER_ESCAPES = re.compile(r"(?<!\\)(?:\\+(?:x[2-7][0-9a-f]|0?(?:0[4-7]|1[0-7])[0-7])){4}", re.IGNORECASE)
_PRINTS = re.compile(r"\bprintf\b|\becho\s+-\w*e|\$'")
_SHELLS = frozenset({"", "bash", "sh"})
_INTERPRETERS = frozenset({"bash", "sh", "dash", "zsh", "ksh", "eval", "source", ".", "python", "python3", "node", "perl", "ruby", "php", "pwsh"})  # fmt: skip
# In a program: text that is decoded and run, in the words of Python, JavaScript, Ruby, Perl and PowerShell.
_DECODE_PATTERN = r"b64decode|b85decode|a85decode|unhexlify|fromhex|Buffer\.from\s*\(|\batob\s*\(|unpack1?\s*\(?\s*['\"]m|decode_base64|FromBase64String"
_EXECUTE_PATTERN = r"\bexec\s*\(|\beval\b|\bnew\s+Function\b|\bFunction\s*\(|execSync|spawnSync|\bspawn\s*\(|child_process|os\.system|subprocess|\biex\b|Invoke-Expression|vm\.run|runIn(?:This|New)?Context|\bsystem\s*\("
_DECODES, _EXECUTES = re.compile(_DECODE_PATTERN), re.compile(_EXECUTE_PATTERN)
# What is run is the very thing that is made unreadable, in one expression.
_RUNS_DECODED = re.compile(
    r"\b(?:exec|eval)\s*\([^\n]{0,200}?(?:\bdecompress\s*\(|marshal\.loads|codecs\.decode|\bmap\(\s*chr\b|fromCharCode|base64_decode|gzinflate|str_rot13)"
)
_NODE_ENCODINGS = re.compile(r"['\"](?:base64(?:url)?|hex)['\"]")


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedScript(ChangeAlert):
    """A script newly decodes data and runs it.

    Reviewers cannot read encoded data, and a search for a host name does not find it.
    """

    name: ClassVar[RuleName] = RuleName("encoded-script")

    def applies(self, change: RepositoryChange) -> bool:
        return change.is_branch_push

    def judge(self, change: RepositoryChange) -> Iterator[Finding | Unknown]:
        yield from new_findings(change, _find)


def _find(snapshot: Snapshot, paths: frozenset[str]) -> Iterator[KeyedFinding]:
    for one in script_steps(snapshot, paths):
        yield from one.unparsed_part()
        found: dict[int | None, None] = {}
        found |= dict.fromkeys(_command_lines(one))
        if not found and (line := _decoding_line(one.text)) is None:
            line = _character_escape_line(one)
        if not found and line is not None:
            found[line] = None
        inputs = [text.value for text in one.inputs.values() if _decoding_line(text.value) is not None]
        if inputs:
            found[None] = None
        yield from (_keyed_finding(one, line) for line in found)


def _keyed_finding(script_step: ScriptStep, line: int | None) -> KeyedFinding:
    text = (
        script_step.text.split("\n")[line]
        if line is not None
        else str([text.value for text in script_step.inputs.values()])
    )
    finding = Finding(
        script_step.place(line),
        "decodes data and runs it, so the workflow does not show what runs",
        "Decode the data in a safe place and inspect it. If it is yours, replace it with a readable script in the repository.",
        subject=FindingSubject(job=script_step.job),
    )
    return KeyedFinding(("encoded", " ".join(text.split())[:500]), finding)


def _command_lines(script_step: ScriptStep) -> Iterator[int]:
    """Yield the lines on which a shell runs what a decoder printed."""
    script = script_step.parse_script()
    begun = _command_starts(script_step.text)
    decoding = {begun(command.line) for command in script.commands if _decodes(command) or _unpacks(command)}
    decoding |= {begun(number) for number, line in enumerate(script_step.text.split("\n")) if _prints_decoded(line)}
    files = {name for write in script.file_writes if _is_decoded(write.content) for name in write.target.literals}
    files |= {name for command in script.commands if _decodes(command) for name in _output_files(command)}
    for command in script.commands:
        tool = command.tool.lower()
        if (
            _has_encoded_command_option(command)
            or _is_decoded(command.argv[0])
            or {command.path, tool, f"./{tool}"} & files
        ):
            yield command.line
        elif tool in _INTERPRETERS:
            takes = _takes_input(command)
            words = [*command.argv[1:], *([command.stdin] if command.stdin and takes else [])]
            piped = takes and begun(command.line) in decoding  # `… | base64 -d | bash`
            run = any(map(_is_decoded, words)) or any(map(_is_unpacked, words))
            if piped or run or any(name in files for word in words for name in word.literals):
                yield command.line


def _decodes(command: Command) -> bool:
    """Whether a command is a decoder, also where its name or options stand in variables."""
    return bool(_DECODERS.search(command.text) or _DECODERS.search(_resolved_text(command)))


def _unpacks(command: Command) -> bool:
    return bool(_UNPACKERS.search(_resolved_text(command)))


def _resolved_text(command: Command) -> str:
    return " ".join(map(str, command.argv))[:_MAX_COMMAND_LENGTH]


def _prints_decoded(line: str) -> bool:
    """Whether a program on this line decodes something."""
    found = _DECODES.search(line)
    return found is not None and ("Buffer" not in found[0] or _NODE_ENCODINGS.search(line) is not None)


def _output_files(command: Command) -> Iterator[str]:
    """Yield the file that a decoder is told to write: `-out FILE`, `-o FILE`, the second one of `xxd -r`."""
    words = [word.literal or "" for word in command.argv[1:]]
    yield from (name for option, name in pairwise(words) if option in ("-o", "-out", "--output") and name)
    plain = [word for word in words if word and not word.startswith("-")]
    if command.tool == "xxd" and len(plain) > 1:
        yield plain[-1]


def _takes_input(command: Command) -> bool:
    """Whether a shell or an interpreter runs what it is given on its input: no file and no program is named."""
    words = [str(word) for word in command.argv[1:]]
    options = [word for word in words if word.startswith("-") and word != "-"]
    first = next((word for word in words if word == "-" or not word.startswith("-")), "-")
    if any(re.fullmatch(r"-\w*[cem]|--(?:eval|print|version)", option) for option in options):
        return False
    return first in _STDIN or "-s" in options


def _character_escape_line(script_step: ScriptStep) -> int | None:
    """Return the line on which a shell script writes letters by their numbers."""
    if script_step.shell.partition(" ")[0].rpartition("/")[2] in _SHELLS and "\\" in script_step.text:
        for number, line in enumerate(script_step.text.split("\n")):
            if _CHARACTER_ESCAPES.search(line) and _PRINTS.search(line) and not line.lstrip().startswith("#"):
                return number
    return None


def _command_starts(text: str) -> Callable[[int], int]:
    """Return on which line the command began that goes on on a line: after `|` or a backslash it does."""
    lines = text.split("\n")
    first: list[int] = []
    for number in range(len(lines)):
        goes_on = number > 0 and lines[number - 1].rstrip().endswith(("|", "\\"))
        first.append(first[-1] if goes_on else number)
    return lambda line: first[line] if line < len(first) else line


def _is_decoded(word: Word) -> bool:
    return any(hole.kind is UnknownKind.OUTPUT and _DECODERS.search(hole.name) for hole in word.unknown_parts)


def _is_unpacked(word: Word) -> bool:
    return any(hole.kind is UnknownKind.OUTPUT and _UNPACKERS.search(hole.name) for hole in word.unknown_parts)


def _has_encoded_command_option(command: Command) -> bool:
    """Whether this is PowerShell's -EncodedCommand."""
    words = [value_text(word.values[0]) for word in command.argv]
    return words[0].lower() in ("pwsh", "powershell") and any(map(ENCODED_COMMAND_OPTION.fullmatch, words[1:]))


def _decoding_line(text: str) -> int | None:
    """Return the line on which a program decodes something, where it also runs something."""
    if nested := _RUNS_DECODED.search(text):
        return text.count("\n", 0, nested.start())
    decoded = _DECODES.search(text)
    if decoded is None or not _EXECUTES.search(text):
        return None
    if "Buffer" in decoded[0] and not _NODE_ENCODINGS.search(text):  # made of something else than an encoded text
        return None
    return text.count("\n", 0, decoded.start())
