"""A file on its way to being changed: its text, and for each line which line of the original it still is."""

from collections.abc import Iterator
from dataclasses import dataclass

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
        kept = list(self.original_lines[first : last + 1])
        head = _common_prefix_length(old, new)
        tail = _common_prefix_length(old[head:][::-1], new[head:][::-1])
        middle = [None] * (len(new) - head - tail)
        origins = (
            *self.original_lines[:first],
            *kept[:head],
            *middle,
            *kept[len(kept) - tail :],
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
            yield from ((gone, None) for gone in range(at, origin))
            yield origin, line
            at = origin + 1
        yield from ((gone, None) for gone in range(at, lines))


def _common_prefix_length(one: list[str], other: list[str]) -> int:
    """Count the lines that two lists begin with together."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count
