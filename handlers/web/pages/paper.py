"""The paper pages are printed on: templates in which every text is inert, and headers that let a browser load nothing else."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import Response

from bot.rendering.markdown import plain_line
from handlers.web.pages.addresses import identity_url, inventory_url, organization_url, repository_url
from handlers.web.pages.page_context import Page
from handlers.web.pages.routes import CHALLENGE
from handlers.web.pages.times import format_day, format_time, relative_time

FOLDER = Path(__file__).parent
STYLESHEET = (FOLDER / "style.css").read_bytes()

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


def _escape_value(value: object) -> object:
    """Write out whatever cannot be printed; HTML's own marks are escaped after this, for every value."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return plain_line(value)
    return value


TEMPLATES = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=_escape_value,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.globals |= {
    "ago": relative_time,
    "clock_time": format_time,
    "day": format_day,
    "identity_page": identity_url,
    "inventory_page": inventory_url,
    "organization_page": organization_url,
    "repository_page": repository_url,
}


def render_page(page: Page, now: dt.datetime) -> Response:
    """Print a page."""
    return _html_response(TEMPLATES.get_template(page.template).render(page=page, view=page.view, now=now), 200)


def message_page(title: str, message: str, status: int) -> Response:
    """Print a page that says one sentence."""
    page = Page("message.html", title, message)
    words = TEMPLATES.get_template(page.template).render(page=page, view=message, now=None)
    challenge = {"www-authenticate": CHALLENGE} if status == 401 else {}  # noqa: PLR2004 - HTTP's own number
    return _html_response(words, status, challenge)


def stylesheet_response() -> Response:
    """Return the one style sheet, which says nothing about anybody."""
    return Response(STYLESHEET, media_type="text/css", headers={**HEADERS, "cache-control": "max-age=300"})


def _html_response(text: str, status: int, more: Mapping[str, str] | None = None) -> Response:
    body = text.encode("utf-8", errors="backslashreplace")
    return Response(body, status, {**HEADERS, **(more or {})}, media_type="text/html; charset=utf-8")
