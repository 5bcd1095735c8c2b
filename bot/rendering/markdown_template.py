"""Renders Markdown templates in which every value is escaped unless it is Markdown already."""

import re
from collections.abc import Iterable, Sequence
from itertools import count as count_from
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.rendering.links import NO_LINKS, linked_code
from bot.rendering.markdown import Markdown, code_block, inline_code, markdown_text, plain_line, prose
from bot.rendering.phrases import count

PART_END = Markdown("\f")  # ends a part that is kept or left out as a whole; text of others never holds this character

# Limits of GitHub's API: docs.github.com/rest/checks/runs. Held in bytes, which are never fewer than characters.
MAX_TEXT_BYTES = 65_535
MAX_ISSUE_BYTES = 60_000  # GitHub takes 65,536 characters of an issue's body, and the hidden metadata needs room
MAX_TITLE = 80  # characters of a title; GitHub takes 255, and lists cut what is longer than this
MAX_BLOCKS = 1_000_000  # where only their size limits them
MAX_BRIEF = 200  # characters of one message where many stand in a list


def render_markdown(template: str, block: str, **values: object) -> Markdown:
    """Render one block of a template of this folder."""
    loaded = ENVIRONMENT.get_template(f"{template}.md.jinja")
    return Markdown("".join(loaded.blocks[block](loaded.new_context(values))).strip("\n"))


def render_parts(template: str, block: str, thing: str, max_bytes: int = MAX_TEXT_BYTES, **values: object) -> Markdown:
    """Render a block whose parts end with `{{ cut }}`: as many of them as there is room for; the others are counted."""
    return join_blocks(split_parts(render_markdown(template, block, **values)), thing, max_bytes)


def split_parts(text: str) -> list[str]:
    """Return the parts of a rendered block that are not empty."""
    return [part for each in text.split(PART_END) if (part := each.strip("\n"))]


def fit_title(*candidates: str) -> str:
    """Return the first of these titles that fits, as one plain line; the last is cut where none does."""
    shown = [plain_line(each) for each in candidates]
    return next((each for each in shown if len(each) <= MAX_TITLE), plain_line(shown[-1], MAX_TITLE))


def join_blocks(
    blocks: Sequence[str], thing: str, max_bytes: int = MAX_TEXT_BYTES, max_blocks: int = MAX_BLOCKS
) -> Markdown:
    """Join blocks of Markdown up to `max_bytes`; what has no room is counted, never cut in the middle."""
    text = ""
    room = max_bytes - len(f"\n\n… and {len(blocks):,} more {thing}s".encode())
    for index, each in enumerate(blocks):
        separator = "\n" if each.startswith("- ") and blocks[index - 1].startswith("- ") else "\n\n"
        room -= len(each.encode()) + len(separator)
        if room < 0 or index == max_blocks:
            return Markdown(f"{text}\n\n… and {count(len(blocks) - index, f'more {thing}')}".lstrip("\n"))
        text += f"{separator if index else ''}{each}"
    return Markdown(text)


def _escape(value: object) -> str:
    if isinstance(value, Markdown):
        return value
    if isinstance(value, int):
        return f"{value:,}"
    return "" if value is None else markdown_text(str(value))


def _numbered(text: str) -> str:
    """Give numbers to the lines of our own text that begin with `1. `."""
    number = count_from(1)
    return re.sub(r"^1\.", lambda _: f"{next(number)}.", text, flags=re.MULTILINE)


def _codes(texts: Iterable[object]) -> Markdown:
    return Markdown(", ".join(inline_code(str(each)) for each in texts))


def _sentence(text: str) -> Markdown:
    shown = prose(text)
    return shown if text.endswith((".", "!", "?")) else Markdown(f"{shown}.")


ENVIRONMENT = Environment(  # noqa: S701 - what is written is Markdown, and `finalize` escapes every value for it
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    auto_reload=False,
    finalize=_escape,
    keep_trailing_newline=True,
    lstrip_blocks=True,
    trim_blocks=True,
    undefined=StrictUndefined,
)
ENVIRONMENT.globals = {"cut": PART_END, "links": NO_LINKS}
ENVIRONMENT.filters |= {
    "block": code_block,
    "brief": lambda text, length=MAX_BRIEF: markdown_text(plain_line(text, length)),
    "code": lambda value: inline_code(str(value)),
    "codes": _codes,
    "count": lambda things, thing: Markdown(count(things if isinstance(things, int) else len(things), thing)),
    "numbered": _numbered,
    "sentence": _sentence,
    "url": lambda url: linked_code(url, url),
}
