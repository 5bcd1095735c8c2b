"""Shows the documentation of rules, gate conditions and alerts. It tells of no repository, so anyone may read it."""

import re
from dataclasses import dataclass
from functools import cache

from markdown_it import MarkdownIt
from markupsafe import Markup

from bot.checks.documentation import documented_checks, nearest_check, read_documentation
from bot.registries import load_catalog
from bot.rendering.links import check_url
from bot.rendering.markdown import plain_line
from handlers.web.pages.page_context import Page, PageNotFoundError

FILE_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:)[^)]*\)")  # to another file of the checkout, which is not served
MAX_NAME = 60  # characters of a name that is not one of ours


@dataclass(frozen=True, slots=True)
class DocumentedCheck:
    """A line of the list."""

    name: str
    title: str
    url: str


def documentation_list() -> Page:
    """List all that is documented."""
    view = [DocumentedCheck(name, title, check_url(name)) for name, title in documented_checks().items()]
    return Page("documentation_list.html", "Rules, gate conditions and alerts", view)


def documentation_page(name: str) -> Page:
    """Show one page; raises PageNotFoundError where there is none of that name."""
    html = _page_html(name)
    if html is None:
        similar = nearest_check(name)
        meant = f" Did you mean {similar}?" if similar else ""
        raise PageNotFoundError(f"There is no rule, gate condition or alert {plain_line(name, MAX_NAME)}.{meant}")
    return Page("documentation.html", name, html)


@cache
def _page_html(name: str) -> Markup | None:
    text = read_documentation(name, load_catalog())
    writer = MarkdownIt("commonmark", {"html": False}).enable("table")
    return None if text is None else Markup(writer.render(FILE_LINK.sub(r"\1", text)))  # noqa: S704 - our own page, and HTML in it is text
