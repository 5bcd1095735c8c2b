"""A changed file as bytes, and as a unified diff: line ends, byte order mark and all that was not changed stay as they were."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from bot.fixes.file_draft import FileDraft

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_CONTEXT_LINES = 3  # lines around a change, as git shows them
_UNQUOTED_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/+@")

DiffLine: TypeAlias = tuple[str, str]  # " ", "-" or "+", and the line with its end


def decode_text(content: bytes) -> str:
    r"""Give the text of a file that is known to be UTF-8, its lines ended by "\n" alone."""
    return content.decode("utf-8-sig").replace("\r\n", "\n")


def apply_draft(content: bytes, draft: FileDraft) -> bytes:
    """Give a file's bytes after a change: a line that stays keeps its end, a new one takes the end of the line before it."""
    return "".join(line for kind, line in _diff_lines(content, draft) if kind != "-").encode()


def unified_diff(path: str, content: bytes, draft: FileDraft) -> str:
    """Give the change of a file as `git apply` and `patch -p1` take it; empty when nothing changes."""
    rows = list(_diff_lines(content, draft))
    if all(kind == " " for kind, _ in rows):
        return ""
    old, new = _quote_path(f"a/{path}"), _quote_path(f"b/{path}")
    return f"diff --git {old} {new}\n--- {old}\n+++ {new}\n" + "".join(_hunks(rows))


def _diff_lines(content: bytes, draft: FileDraft) -> Iterator[DiffLine]:
    """Yield lines gone, new and staying; a new line goes behind those it replaces."""
    lines = content.decode().split("\n")  # with the byte order mark, which stays with the first line
    lines = [line + "\n" for line in lines[:-1]] + lines[-1:]
    end = "\r\n" if lines[0].endswith("\r\n") else "\n"
    fresh: list[str] = []
    for origin, line in draft.diff_rows(len(lines)):
        if origin is None:
            fresh.append(line or "")
        elif line is None:
            yield from _diff_line("-", lines[origin])
        else:
            yield from (("+", new + end) for new in fresh)
            fresh = []
            yield from _diff_line(" ", lines[origin])
            end = "\r\n" if lines[origin].endswith("\r\n") else "\n"
    for number, new in enumerate(fresh):  # the file's last line: what follows it is nothing
        yield from _diff_line("+", new if number == len(fresh) - 1 else new + end)


def _diff_line(kind: str, line: str) -> Iterator[DiffLine]:
    if line:  # what stands behind the last newline of a file is no line
        yield kind, line


def _hunks(rows: Sequence[DiffLine]) -> Iterator[str]:
    touched = [index for index, (kind, _) in enumerate(rows) if kind != " "]
    groups: list[list[int]] = []
    for index in touched:
        if groups and index - groups[-1][-1] <= 2 * _CONTEXT_LINES + 1:
            groups[-1].append(index)
        else:
            groups.append([index])
    before = after = at = 0
    for group in groups:
        first, last = max(0, group[0] - _CONTEXT_LINES), min(len(rows), group[-1] + _CONTEXT_LINES + 1)
        skipped = sum(kind != "+" for kind, _ in rows[at:first]), sum(kind != "-" for kind, _ in rows[at:first])
        before, after, at = before + skipped[0], after + skipped[1], last
        gone = sum(kind != "+" for kind, _ in rows[first:last])
        come = sum(kind != "-" for kind, _ in rows[first:last])
        yield f"@@ -{_range(before, gone)} +{_range(after, come)} @@\n"
        yield from map(_format_line, rows[first:last])
        before, after = before + gone, after + come


def _range(before: int, count: int) -> str:
    """Write a range of lines; one of none is named by the line before it."""
    return f"{before + 1 if count else before},{count}"


def _format_line(row: DiffLine) -> str:
    kind, line = row
    return kind + line if line.endswith("\n") else f"{kind}{line}\n\\ No newline at end of file\n"


def _quote_path(name: str) -> str:
    """Write a file's name as git does: in quotes, byte by byte, where it holds more than plain letters."""
    if set(name) <= _UNQUOTED_CHARACTERS:
        return name
    data = name.encode(errors="surrogateescape")
    return '"' + "".join(chr(byte) if chr(byte) in _UNQUOTED_CHARACTERS else f"\\{byte:03o}" for byte in data) + '"'
