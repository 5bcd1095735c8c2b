"""The paper pages are printed on: templates in which every text is inert, and headers that let a browser load nothing else."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import Response

from bot.rendering.markdown import plain
from handlers.web.pages.addresses import identity, inventory, organisation, repository
from handlers.web.pages.page_context import Page
from handlers.web.pages.routes import CHALLENGE
from handlers.web.pages.times import ago, clock_time, day

HOME = Path(__file__).parent
STYLE = (HOME / "style.css").read_bytes()

HEADERS: Mapping[str, str] = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    "vary": "authorization",
}


def _inert(value: object) -> object:
    """Write out whatever cannot be printed; HTML's own marks are escaped after this, for every value."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return plain(value)
    return value


TEMPLATES = Environment(
    loader=FileSystemLoader(HOME / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=_inert,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.globals |= {
    "ago": ago,
    "clock_time": clock_time,
    "day": day,
    "identity_page": identity,
    "inventory_page": inventory,
    "organisation_page": organisation,
    "repository_page": repository,
}


def printed(page: Page, now: dt.datetime) -> Response:
    """Print a page."""
    return _answer(TEMPLATES.get_template(page.template).render(page=page, shown=page.shown, now=now), 200)


def said(title: str, sentence: str, status: int) -> Response:
    """Print a page that says one sentence."""
    page = Page("message.html", title, sentence)
    words = TEMPLATES.get_template(page.template).render(page=page, shown=sentence, now=None)
    challenge = {"www-authenticate": CHALLENGE} if status == 401 else {}  # noqa: PLR2004 - HTTP's own number
    return _answer(words, status, challenge)


def style() -> Response:
    """Return the one style sheet, which says nothing about anybody."""
    return Response(STYLE, media_type="text/css", headers={**HEADERS, "cache-control": "max-age=300"})


def _answer(text: str, status: int, more: Mapping[str, str] | None = None) -> Response:
    body = text.encode("utf-8", errors="backslashreplace")
    return Response(body, status, {**HEADERS, **(more or {})}, media_type="text/html; charset=utf-8")
