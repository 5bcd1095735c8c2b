"""Markdown as GitHub shows it: a few tags of HTML come alive, none with an attribute; comments are hidden; the rest is text."""

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup, escape

# Of those that GitHub lets through (github/markup, "sanitization"), what Apps write; without attributes none does anything.
RENDERED_TAGS = re.compile(r"(</?(?:code|details|summary|br|sub|sup|b|kbd)\s*/?>)", re.IGNORECASE)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def render_markdown(text: str | None) -> Markup:
    """Render Markdown."""
    return Markup(_MARKDOWN.render(text or ""))  # noqa: S704 - every tag in it is the library's own or one of ALIVE


def _html(_: RendererHTML, tokens: Sequence[Token], index: int, __: OptionsDict, ___: EnvType) -> str:
    parts = RENDERED_TAGS.split(COMMENT.sub("", tokens[index].content))
    return "".join(part if RENDERED_TAGS.fullmatch(part) else _text(part) for part in parts)


def _text(part: str) -> str:
    """Show what is no tag of ours; character references in it stay what they are, for they begin no tag."""
    return str(escape(part)).replace("&amp;", "&")


_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
_MARKDOWN.add_render_rule("html_inline", _html)
_MARKDOWN.add_render_rule("html_block", _html)
