"""Serves the pages to authorized users and renders their templates."""

import base64
import binascii
import datetime as dt
import hmac
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeAlias

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.model.errors import describe_fault
from bot.registries import load_catalog
from bot.rendering.links import identity_url, inventory_url, organization_url, repository_url
from bot.rendering.markdown import plain_line
from handlers.config.database import Database, DatabaseError
from handlers.config.redis_client import open_redis
from handlers.config.settings import Settings
from handlers.records.schema.record_documents import UnreadableRecordError
from handlers.web.pages import (
    gates_page,
    identity_pages,
    organization_pages,
    repository_pages,
    setup_page,
)
from handlers.web.pages.documentation_pages import documentation_list, documentation_page
from handlers.web.pages.page_context import Page, PageContext, PageNotFoundError

CHALLENGE = 'Basic realm="Wharfinger", charset="UTF-8"'


def is_authorized(tokens: Iterable[str], authorization: str) -> bool:
    """Whether the header of a request names one of the tokens. Each is compared in the same time, however much of it is right."""
    given = _password(authorization)
    return any([hmac.compare_digest(given, token.encode()) for token in tokens])  # noqa: C419 - none is left out, so the time tells nothing


def _password(authorization: str) -> bytes:
    """Return the password in the header; an empty one where there is none, which is nobody's."""
    scheme, _, rest = authorization.partition(" ")
    match scheme.lower():
        case "bearer":
            return rest.strip().encode("utf-8", errors="replace")
        case "basic":
            try:
                return base64.b64decode(rest.strip(), validate=True).partition(b":")[2]
            except (binascii.Error, ValueError):
                return b""
        case _:
            return b""


MINUTE, HOUR, DAY, MONTH, YEAR = 60, 3600, 86_400, 30.44 * 86_400, 365.25 * 86_400  # seconds
STEPS = ((YEAR, "year"), (MONTH, "month"), (DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"))


def format_time(at: datetime) -> str:
    """Say a moment: `2026-11-24 08:00 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def relative_time(at: datetime | date, now: datetime) -> str:
    """Say how long something is past, or how far off, in its largest whole step: `3 hours ago`, `in 2 days`."""
    if not isinstance(at, datetime):
        days = (at - now.date()).days
        return "today" if days == 0 else _largest_unit(abs(days) * DAY, ahead=days > 0)
    seconds = (at - now).total_seconds()
    return "just now" if abs(seconds) < MINUTE else _largest_unit(abs(seconds), ahead=seconds > 0)


def _largest_unit(seconds: float, *, ahead: bool) -> str:
    size, word = next(step for step in STEPS if seconds >= step[0])
    number = int(seconds // size)
    told = f"{number} {word}{'' if number == 1 else 's'}"
    return f"in {told}" if ahead else f"{told} ago"


def format_day(at: date | datetime | None) -> str:
    """Say a day; a dash where there is none."""
    return "-" if at is None else f"{at:%Y-%m-%d}"


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


def _prose(text: str) -> Markup:
    """Write what stands between backticks as code, and the rest as text."""
    parts = plain_line(text).split("`")
    if len(parts) % 2 == 0:  # a backtick without its other: none means anything
        return Markup("{}").format(plain_line(text))
    code, text = Markup("<code>{}</code>"), Markup("{}")
    return Markup("").join((code if index % 2 else text).format(part) for index, part in enumerate(parts))


TEMPLATES = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=_escape_value,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.filters["prose"] = _prose
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


log = logging.getLogger("wharfinger.pages")

PageFunction: TypeAlias = Callable[..., Page]  # called with the shelf and what the address names

PAGES: tuple[tuple[str, PageFunction], ...] = (
    ("/", setup_page.setup_page),
    ("/organizations/{login}", organization_pages.organization_page),
    ("/organizations/{login}/identities", identity_pages.inventory_page),
    ("/organizations/{login}/gates", gates_page.gates_page),
    ("/organizations/{login}/alerts", organization_pages.alerts_page),
    ("/gates/{key:path}", gates_page.decision_page),
    ("/repositories/{owner}/{name}", repository_pages.repository_page),
    ("/repositories/{owner}/{name}/identities/{key}", identity_pages.identity_page),
    ("/repositories/{owner}/{name}/versions/{key}", repository_pages.version_page),
)

MAX_CONCURRENT_VIEWS = 2  # views made at a time: the same process receives deliveries, and they come first
VIEW_TIMEOUT = 5.0  # seconds that a view waits for its turn


def routes(settings: Settings, records: Database) -> list[BaseRoute]:
    """Return the routes of all pages; none of them shows anything without the password."""
    desk = _PageServer(settings, records)
    made: list[BaseRoute] = [Route(address, desk.endpoint(show), methods=["GET"]) for address, show in PAGES]
    return made


def documentation_response(name: str = "") -> Response:
    """Return a page of the documentation, or the list of all; it is the same for everybody, and needs no password."""
    try:
        page = documentation_page(name) if name else documentation_list()
    except PageNotFoundError as error:
        return message_page("Not found", str(error), 404)
    return _html_response(TEMPLATES.get_template(page.template).render(page=page, view=page.view, now=None), 200)


class _PageServer:
    """Serves pages: in threads beside the loop, so nothing here may wait for long."""

    def __init__(self, settings: Settings, records: Database) -> None:
        self._settings = settings
        self._records = records
        self._redis = open_redis(settings.redis_url, fail_fast=True)
        self._catalog = load_catalog()
        self._view_slots = threading.BoundedSemaphore(MAX_CONCURRENT_VIEWS)

    def endpoint(self, page_function: PageFunction) -> Callable[[Request], Response]:
        """Return what answers a request for a page."""

        def serve(request: Request) -> Response:
            if not is_authorized(self._settings.pages_tokens, request.headers.get("authorization", "")):
                return message_page(
                    "Sign in", "Enter the password from WHARFINGER_PAGES_TOKEN, with any user name.", 401
                )
            if not self._view_slots.acquire(timeout=VIEW_TIMEOUT):
                return message_page("Busy", "Too many pages are being viewed. Try again in a moment.", 503)
            try:
                return self._serve(page_function, request)
            finally:
                self._view_slots.release()

        return serve

    def _serve(self, page_function: PageFunction, request: Request) -> Response:
        now = datetime.now(UTC)
        number = request.query_params.get("page", "1")
        counted = int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 1  # noqa: PLR2004 - a million parts are enough
        asked = {name: value for name, value in request.query_params.items() if name != "page"}
        shelf = PageContext(self._redis, self._records, self._catalog, self._settings, now, max(counted, 1), asked)
        try:
            return render_page(page_function(shelf, **request.path_params), now)
        except PageNotFoundError as error:
            return message_page("Not found", str(error), 404)
        except RedisError as error:
            reason = type(error).__name__
            return message_page(
                "Redis is unreachable", f"Redis does not answer ({reason}). Start it, or correct REDIS_URL.", 503
            )
        except DatabaseError as error:
            return message_page("The records are away", f"{error}.".replace("the database", "The database", 1), 503)
        except UnreadableRecordError as error:
            return message_page("A record cannot be read", f"{error}.".replace("the record", "The record", 1), 500)
        except Exception as error:  # noqa: BLE001 - one page must not take the receiver's log with it; its text may hold a secret
            log.error("a page broke: %s", describe_fault(error))  # noqa: TRY400 - no trace: its text may hold what a repository says
            return message_page(
                "Error",
                "This page failed because of an error in Wharfinger. The log names the line; please report it.",
                500,
            )
