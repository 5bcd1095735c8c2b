"""Where the lines of a file are: YAML breaks a line at more characters than git and GitHub do, and GitHub's count is the one people see."""

import re
from bisect import bisect_right

# Every break that YAML 1.1 and libyaml know; GitHub's annotations and git count only "\n".
_LINE_BREAKS = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


class LineMap:
    """The lines of one file, counted as GitHub counts them."""

    def __init__(self, text: str) -> None:
        self.lines = tuple(line.removesuffix("\r") for line in text.split("\n"))
        self._starts: list[int] | None = None
        if text.count("\r") != text.count("\r\n") or "\x85" in text or "\u2028" in text or "\u2029" in text:
            # _starts[n] is the YAML line on which GitHub's line n + 1 begins
            self._starts = [0]
            for count, match in enumerate(_LINE_BREAKS.finditer(text), start=1):
                if match.group().endswith("\n"):
                    self._starts.append(count)

    def line_number(self, yaml_line: int) -> int:
        """GitHub's 1-based number of the line that libyaml counts, from 0, as `yaml_line`; a file's end is on its last line."""
        line = yaml_line + 1 if self._starts is None else bisect_right(self._starts, yaml_line)
        return min(line, len(self.lines))

    def last_nonblank(self, first: int, last: int) -> int:
        """Find the last line from `first` to `last` (1-based) that is not blank: a block of text ends there."""
        last = min(last, len(self.lines))
        while last > first and not self.lines[last - 1].strip():
            last -= 1
        return last
