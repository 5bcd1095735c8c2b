"""Run a grammar on a script within a bound of work.

A few texts (thousands of open brackets, of heredocs, of `|` without a space) cost these grammars the square of their length, and the
library counts its steps, not their cost. So the bound is this thread's own processor time, which does not depend on what else the
machine does: a thousand times what an honest script needs. Nothing is judged by it but "not read whole", which is said.
"""

import time
from collections.abc import Iterator

from tree_sitter import Node, Parser

_SMALL_SCRIPT_BYTES = 2 * 1024  # bytes; below it no text takes long
_MAX_PIPES = 1_000  # in a pipeline that nothing ends, the library takes the square of them in one step, without asking
_MAX_LINES = 1_000
_MAX_PARSE_SECONDS = 0.3


def parse_script(parser: Parser, text: bytes) -> Node | None:
    """Return the root of the tree, or None when the grammar does not come to an end within the bound."""
    if text.count(b"|") > _MAX_PIPES:
        return None
    if len(text) <= _SMALL_SCRIPT_BYTES:
        return parser.parse(text).root_node
    end = time.thread_time() + _MAX_PARSE_SECONDS

    def enough(offset: int, has_error: bool) -> bool:  # noqa: FBT001 - the library's own signature
        del offset, has_error
        return time.thread_time() > end

    try:
        return parser.parse(
            lambda offset, _: text[offset : offset + _SMALL_SCRIPT_BYTES], progress_callback=enough
        ).root_node
    except ValueError:  # the library's word for a parse that was stopped
        parser.reset()
        return None


def short_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield row and text of the lines that can be read one by one when the whole cannot."""
    for row, line in enumerate(text.split("\n")[:_MAX_LINES]):
        if line.strip() and len(line) < _SMALL_SCRIPT_BYTES // 4:
            yield row, line
