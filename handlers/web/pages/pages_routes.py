"""Which address shows which page, and what stands before each of them: the password, one view at a time, plain sentences."""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.model.errors import describe_fault
from bot.registries import load_catalog
from handlers.config.redis_client import open_redis
from handlers.config.settings import Settings
from handlers.web.pages import (
    alarms,
    gates_page,
    identity,
    identity_pages,
    organization_pages,
    repository,
    setup_page,
    versions,
)
from handlers.web.pages.page_context import Page, PageContext, PageNotFoundError
from handlers.web.pages.paper import message_page, render_page, stylesheet_response
from handlers.web.pages.routes import is_authorized

log = logging.getLogger("wharfinger.pages")

PageFunction: TypeAlias = Callable[..., Page]  # called with the shelf and what the address names

PAGES: tuple[tuple[str, PageFunction], ...] = (
    ("/", setup_page.setup_page),
    ("/organizations/{login}", organization_pages.organization_page),
    ("/organizations/{login}/identities", identity_pages.inventory_page),
    ("/organizations/{login}/gates", gates_page.gates_page),
    ("/organizations/{login}/alerts", alarms.alerts_page),
    ("/gates/{key:path}", gates_page.decision_page),
    ("/repositories/{owner}/{name}", repository.repository_page),
    ("/repositories/{owner}/{name}/identities/{key}", identity.identity_page),
    ("/repositories/{owner}/{name}/versions/{key}", versions.version_page),
)

MAX_CONCURRENT_VIEWS = 2  # views made at a time: the same process receives deliveries, and they come first
VIEW_TIMEOUT = 5.0  # seconds that a view waits for its turn


def routes(settings: Settings) -> list[BaseRoute]:
    """Return the routes of all pages; none of them shows anything without the password."""
    desk = _PageServer(settings)
    made: list[BaseRoute] = [Route(address, desk.endpoint(show), methods=["GET"]) for address, show in PAGES]
    return [*made, Route("/style.css", lambda _: stylesheet_response(), methods=["GET"])]


class _PageServer:
    """Serves pages: in threads beside the loop, so nothing here may wait for long."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._redis = open_redis(settings.redis_url, fail_fast=True)
        self._catalog = load_catalog()
        self._view_slots = threading.BoundedSemaphore(MAX_CONCURRENT_VIEWS)

    def endpoint(self, page_function: PageFunction) -> Callable[[Request], Response]:
        """Return what answers a request for a page."""

        def serve(request: Request) -> Response:
            if not is_authorized(self._settings.pages_tokens, request.headers.get("authorization", "")):
                return message_page(
                    "Sign in", "The password is the one in WHARFINGER_PAGES_TOKEN; any user name will do.", 401
                )
            if not self._view_slots.acquire(timeout=VIEW_TIMEOUT):
                return message_page("Busy", "Others are looking at pages just now. Try again in a moment.", 503)
            try:
                return self._serve(page_function, request)
            finally:
                self._view_slots.release()

        return serve

    def _serve(self, page_function: PageFunction, request: Request) -> Response:
        now = datetime.now(UTC)
        number = request.query_params.get("page", "1")
        counted = int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 1  # noqa: PLR2004 - a million parts are enough
        shelf = PageContext(self._redis, self._catalog, self._settings, now, max(counted, 1))
        try:
            return render_page(page_function(shelf, **request.path_params), now)
        except PageNotFoundError as error:
            return message_page("Nothing there", str(error), 404)
        except RedisError as error:
            reason = type(error).__name__
            return message_page(
                "Redis is away", f"Redis does not answer ({reason}). Start it, or set REDIS_URL right.", 503
            )
        except Exception as error:  # noqa: BLE001 - one page must not take the receiver's log with it; its text may hold a secret
            log.error("a page broke: %s", describe_fault(error))  # noqa: TRY400 - no trace: its text may hold what a repository says
            return message_page("Broken", "This page broke: our fault. The log names the line; please report it.", 500)
