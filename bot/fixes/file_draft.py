"""Tracks the edits to a file and formats them as a patch that keeps all other bytes unchanged."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

_UNUSUAL_LINE_BREAKS = ("\r", "\x85", "\u2028", "\u2029")


@dataclass(frozen=True, slots=True)
class FileDraft:
    """A text, and the 0-based line of the original that each of its lines is; None for a line that is new or changed."""

    text: str
    original_lines: tuple[int | None, ...]

    @classmethod
    def from_text(cls, text: str) -> "FileDraft":
        """Begin with a file as it is, its lines ended by a newline alone."""
        return cls(text, tuple(range(text.count("\n") + 1)))

    @property
    def has_unusual_line_breaks(self) -> bool:
        """Whether the text has breaks that YAML counts as lines and git does not."""
        return any(each in self.text for each in _UNUSUAL_LINE_BREAKS)

    def spliced(self, start: int, end: int, replacement: str) -> "FileDraft":
        """Put `replacement` in the place of the characters from `start` to `end`; lines that come out as they were stay theirs."""
        text = self.text[:start] + replacement + self.text[end:]
        first, last = self.text.count("\n", 0, start), self.text.count("\n", 0, end)
        old = self.text.split("\n")[first : last + 1]
        new = text.split("\n")[first : first + len(old) + replacement.count("\n") - self.text.count("\n", start, end)]
        originals = list(self.original_lines[first : last + 1])
        head = _common_prefix_length(old, new)
        tail = _common_prefix_length(old[head:][::-1], new[head:][::-1])
        middle = [None] * (len(new) - head - tail)
        origins = (
            *self.original_lines[:first],
            *originals[:head],
            *middle,
            *originals[len(originals) - tail :],
            *self.original_lines[last + 1 :],
        )
        return FileDraft(text, origins)

    def followed_by(self, later: "FileDraft") -> "FileDraft":
        """Give a later change, made to this one's text, as a change of this one's original."""
        origins = tuple(None if origin is None else self.original_lines[origin] for origin in later.original_lines)
        return FileDraft(later.text, origins)

    def replacement_for(self, first: int, last: int, lines: int) -> str | None:
        """Give what stands instead of the original's lines `first` to `last`, 1-based; None when others changed as well."""
        behind = lines - last
        head, tail = self.original_lines[: first - 1], self.original_lines[len(self.original_lines) - behind :]
        if head != tuple(range(first - 1)) or tail != tuple(range(last, lines)):
            return None
        return "\n".join(self.text.split("\n")[first - 1 : len(self.original_lines) - behind])

    def diff_rows(self, lines: int) -> Iterator[tuple[int | None, str | None]]:
        """Go through the change of an original of so many lines: (its line, None) gone, (None, text) new, both where it stays."""
        at = 0
        for origin, line in zip(self.original_lines, self.text.split("\n"), strict=True):
            if origin is None:
                yield None, line
                continue
            yield from ((removed, None) for removed in range(at, origin))
            yield origin, line
            at = origin + 1
        yield from ((removed, None) for removed in range(at, lines))


def _common_prefix_length(one: list[str], other: list[str]) -> int:
    """Count the lines that two lists begin with together."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count


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
        removed = sum(kind != "+" for kind, _ in rows[first:last])
        come = sum(kind != "-" for kind, _ in rows[first:last])
        yield f"@@ -{_range(before, removed)} +{_range(after, come)} @@\n"
        yield from map(_format_line, rows[first:last])
        before, after = before + removed, after + come


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
