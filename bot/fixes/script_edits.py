"""Removes token flags and login commands from a script."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.fixes.job_editor import StoredToken, mentions_token
from bot.registries import Catalog, CommandFact, Registry
from bot.shell import read_script

_WORD = r"""(?:\$\{\{[^}\n]*\}\}|"[^"\n]*"|'[^'\n]*'|[^\s"'\\`;|&])+"""
MAX_COMMAND_CHARACTERS = 4_000  # of one command in which its tool is looked for
_CONTINUATION_MARKS = ("\\", "`")
_COMPOUND = re.compile(
    r"^\s*(?:(?:if|then|else|elif|fi|for|while|until|do|done|case|esac|function)\b|[{}()])|<<|\b\w+\s*\(\)"
)


@dataclass(frozen=True, slots=True)
class TokenContext:
    """How a script is handed its token."""

    token: StoredToken
    variables: frozenset[str]  # that hold it
    shell: str


def remove_token_flags(
    lines: Sequence[str | None], tool: str, fact: CommandFact, context: TokenContext
) -> list[str | None]:
    """Take a command's flags with the token, and those with a user beside it, out of the lines that call `tool`."""
    kept = list(lines)
    for numbers in _logical_lines(kept):
        if not _calls_tool("\n".join(kept[n] or "" for n in numbers), tool):
            continue
        for number in numbers:
            line = kept[number] or ""
            for flag in (*fact.token_flags, *fact.user_flags):
                line = _remove_flag(line, flag, context, any_value=flag in fact.user_flags)
            if line != kept[number]:
                _shorten_line(kept, number, line)
    return kept


def _remove_flag(line: str, flag: str, context: TokenContext, *, any_value: bool) -> str:
    joined = r"[=\s]\s*" if flag.startswith("--") else r"[=\s]?\s*"
    name = re.escape(flag).replace(r"\*", r"[^\s=]*")
    found = re.compile(rf"(?<!\S){name}{joined}(?P<value>{_WORD})[ \t]?")

    def taken(match: re.Match[str]) -> str:
        return "" if any_value or mentions_token(match["value"], context.token, context.variables) else match[0]

    changed = found.sub(taken, line)
    return changed.rstrip() if changed != line else line


def _shorten_line(lines: list[str | None], number: int, line: str) -> None:
    """Put a shortened line in its place; one that has nothing left goes, with the continuation that led to it."""
    if line.strip() not in ("", *_CONTINUATION_MARKS):
        lines[number] = line
        return
    lines[number] = None
    if not line.strip() and number and (lines[number - 1] or "").endswith(_CONTINUATION_MARKS):
        lines[number - 1] = (lines[number - 1] or "")[:-1].rstrip()


def add_oidc_flag(lines: Sequence[str | None], tool: str, flag: str) -> list[str | None]:
    """Add the flag that asks for trusted publishing behind each call of `tool`, where it is not there yet."""
    words = rf"(?<![\w./-]){_tool_pattern(tool, r'[ ]+')}(?![\w-])"
    plain = flag.partition("=")[0]
    return [
        line if line is None or plain in line else re.sub(words, lambda found: f"{found[0]} {flag}", line)
        for line in lines
    ]


def _tool_pattern(tool: str, between: str) -> str:
    """Give the pattern of a tool's first words; the first may have a version (`ovsx@1.1.0 publish`)."""
    first, *rest = (re.escape(word) for word in tool.split()[:2])
    return between.join([rf"{first}(?:@[\w.^~-]+)?", *rest])


def remove_login_lines(
    lines: Sequence[str | None], registry: Registry, catalog: Catalog, context: TokenContext
) -> list[str | None]:
    """Take out the lines that do nothing but store the token, for a later step or command."""
    kept = list(lines)
    for numbers in _logical_lines(kept):
        line = kept[numbers[0]] or ""
        simple = len(numbers) == 1 and not _COMPOUND.search(line)
        if (
            simple
            and mentions_token(line, context.token, context.variables)
            and _stores_token(line, registry, catalog, context)
        ):
            kept[numbers[0]] = None
    return kept


def _stores_token(line: str, registry: Registry, catalog: Catalog, context: TokenContext) -> bool:
    assigned = re.match(rf"\s*(?:export\s+)?(\w+)=(?:{_WORD})?\s*$", line)
    if assigned:
        return True
    script = read_script(line.strip(), context.shell, {})
    if script.incomplete_reason or not script.commands:
        return False
    files = registry.credential_files
    if any(str(write.target).endswith(files) for write in script.file_writes):
        return True
    roles = {known.fact.role for command in script.commands for known in catalog.commands([*map(str, command.argv)])}
    return bool(roles) and roles <= {"login", "setup"}


def lines_calling(lines: Sequence[str | None], tool: str) -> Iterator[tuple[int, ...]]:
    """Yield the numbers of the lines of each call of `tool`, with those that it goes on over."""
    for numbers in _logical_lines(lines):
        if _calls_tool("\n".join(lines[n] or "" for n in numbers), tool):
            yield numbers


def _calls_tool(text: str, tool: str) -> bool:
    words = _tool_pattern(tool, r"[\s\\]+(?:\S+\s+){0,8}?")
    return re.search(rf"(?<![\w-]){words}(?![\w-])", text[:MAX_COMMAND_CHARACTERS]) is not None


def _logical_lines(lines: Sequence[str | None]) -> Iterator[tuple[int, ...]]:
    """Yield the numbers of lines that belong together because each goes on over its end."""
    group: list[int] = []
    for number, line in enumerate(lines):
        if line is None:
            continue
        group.append(number)
        if not line.endswith(_CONTINUATION_MARKS):
            yield tuple(group)
            group = []
    if group:
        yield tuple(group)


def is_empty_script(lines: Iterable[str | None]) -> bool:
    """Whether a script has nothing left to do."""
    return all(line is None or not line.strip() or line.lstrip().startswith("#") for line in lines)
