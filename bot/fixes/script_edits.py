"""A script without its token: the flags that hand it over, the lines that only log in."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.fixes.tokens import Token, mentions
from bot.registries import Catalogue, CommandFact, Registry
from bot.shell import read_script

_WORD = r"""(?:\$\{\{[^}\n]*\}\}|"[^"\n]*"|'[^'\n]*'|[^\s"'\\`;|&])+"""
MOST_CHARACTERS = 4_000  # of one command in which its tool is looked for
_CONTINUED = ("\\", "`")
_COMPOUND = re.compile(
    r"^\s*(?:(?:if|then|else|elif|fi|for|while|until|do|done|case|esac|function)\b|[{}()])|<<|\b\w+\s*\(\)"
)


@dataclass(frozen=True, slots=True)
class Handing:
    """How a script is handed its token."""

    token: Token
    variables: frozenset[str]  # that hold it
    shell: str


def without_flags(lines: Sequence[str | None], tool: str, fact: CommandFact, handing: Handing) -> list[str | None]:
    """Take a command's flags with the token, and those with a user beside it, out of the lines that call `tool`."""
    kept = list(lines)
    for numbers in _logical(kept):
        if not _calls("\n".join(kept[n] or "" for n in numbers), tool):
            continue
        for number in numbers:
            line = kept[number] or ""
            for flag in (*fact.token_flags, *fact.user_flags):
                line = _without(line, flag, handing, any_value=flag in fact.user_flags)
            if line != kept[number]:
                _tidy(kept, number, line)
    return kept


def _without(line: str, flag: str, handing: Handing, *, any_value: bool) -> str:
    joined = r"[=\s]\s*" if flag.startswith("--") else r"[=\s]?\s*"
    name = re.escape(flag).replace(r"\*", r"[^\s=]*")
    found = re.compile(rf"(?<!\S){name}{joined}(?P<value>{_WORD})[ \t]?")

    def taken(match: re.Match[str]) -> str:
        return "" if any_value or mentions(match["value"], handing.token, handing.variables) else match[0]

    changed = found.sub(taken, line)
    return changed.rstrip() if changed != line else line


def _tidy(lines: list[str | None], number: int, line: str) -> None:
    """Put a shortened line in its place; one that has nothing left goes, with the continuation that led to it."""
    if line.strip() not in ("", *_CONTINUED):
        lines[number] = line
        return
    lines[number] = None
    if not line.strip() and number and (lines[number - 1] or "").endswith(_CONTINUED):
        lines[number - 1] = (lines[number - 1] or "")[:-1].rstrip()


def asking(lines: Sequence[str | None], tool: str, flag: str) -> list[str | None]:
    """Add the flag that asks for trusted publishing behind each call of `tool`, where it is not there yet."""
    words = rf"(?<![\w./-]){_named(tool, r'[ ]+')}(?![\w-])"
    plain = flag.partition("=")[0]
    return [
        line if line is None or plain in line else re.sub(words, lambda found: f"{found[0]} {flag}", line)
        for line in lines
    ]


def _named(tool: str, between: str) -> str:
    """Give the pattern of a tool's first words; the first may have a version (`ovsx@1.1.0 publish`)."""
    first, *rest = (re.escape(word) for word in tool.split()[:2])
    return between.join([rf"{first}(?:@[\w.^~-]+)?", *rest])


def without_logins(
    lines: Sequence[str | None], registry: Registry, catalogue: Catalogue, handing: Handing
) -> list[str | None]:
    """Take out the lines that do nothing but store the token, for a later step or command."""
    kept = list(lines)
    for numbers in _logical(kept):
        line = kept[numbers[0]] or ""
        simple = len(numbers) == 1 and not _COMPOUND.search(line)
        if simple and mentions(line, handing.token, handing.variables) and _stores(line, registry, catalogue, handing):
            kept[numbers[0]] = None
    return kept


def _stores(line: str, registry: Registry, catalogue: Catalogue, handing: Handing) -> bool:
    assigned = re.match(rf"\s*(?:export\s+)?(\w+)=(?:{_WORD})?\s*$", line)
    if assigned:
        return True
    script = read_script(line.strip(), handing.shell, {})
    if script.partial or not script.commands:
        return False
    files = registry.credential_files
    if any(str(write.target).endswith(files) for write in script.writes):
        return True
    roles = {known.fact.role for command in script.commands for known in catalogue.commands([*map(str, command.argv)])}
    return bool(roles) and roles <= {"login", "setup"}


def called(lines: Sequence[str | None], tool: str) -> Iterator[tuple[int, ...]]:
    """Yield the numbers of the lines of each call of `tool`, with those that it goes on over."""
    for numbers in _logical(lines):
        if _calls("\n".join(lines[n] or "" for n in numbers), tool):
            yield numbers


def _calls(text: str, tool: str) -> bool:
    words = _named(tool, r"[\s\\]+(?:\S+\s+){0,8}?")
    return re.search(rf"(?<![\w-]){words}(?![\w-])", text[:MOST_CHARACTERS]) is not None


def _logical(lines: Sequence[str | None]) -> Iterator[tuple[int, ...]]:
    """Yield the numbers of lines that belong together because each goes on over its end."""
    group: list[int] = []
    for number, line in enumerate(lines):
        if line is None:
            continue
        group.append(number)
        if not line.endswith(_CONTINUED):
            yield tuple(group)
            group = []
    if group:
        yield tuple(group)


def is_empty(lines: Iterable[str | None]) -> bool:
    """Whether a script has nothing left to do."""
    return all(line is None or not line.strip() or line.lstrip().startswith("#") for line in lines)
