"""Run a grammar on a script within a bound of work."""

from tree_sitter import Node, Parser

_SMALL = 16 * 1024  # bytes; below it no script has been found that takes long
_MAX_PROGRESS = 60_000  # calls of the grammar's own counter: an honest script of 256 KiB takes about 3,000


def parse(parser: Parser, text: bytes) -> Node | None:
    """Return the root of the tree, or None when the grammar does not come to an end within the bound."""
    if len(text) <= _SMALL:
        return parser.parse(text).root_node
    calls = 0

    def enough(offset: int, has_error: bool) -> bool:  # noqa: FBT001 - the library's own signature
        nonlocal calls
        del offset, has_error
        calls += 1
        return calls > _MAX_PROGRESS

    try:
        return parser.parse(lambda offset, _: text[offset : offset + _SMALL], progress_callback=enough).root_node
    except ValueError:  # the library's word for a parse that was stopped
        parser.reset()
        return None
