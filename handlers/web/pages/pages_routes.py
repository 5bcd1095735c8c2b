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

from bot.model.errors import fault_of
from bot.registries import load_catalogue
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
from handlers.web.pages.page_context import NothingThereError, Page, Shelf
from handlers.web.pages.paper import printed, said, style
from handlers.web.pages.routes import allowed

log = logging.getLogger("wharfinger.pages")

Show: TypeAlias = Callable[..., Page]  # called with the shelf and what the address names

PAGES: tuple[tuple[str, Show], ...] = (
    ("/", setup_page.show),
    ("/organisations/{login}", organization_pages.show),
    ("/organisations/{login}/identities", identity_pages.show),
    ("/organisations/{login}/gates", gates_page.show_all),
    ("/organisations/{login}/alarms", alarms.show),
    ("/gates/{key:path}", gates_page.show_one),
    ("/repositories/{owner}/{name}", repository.show),
    ("/repositories/{owner}/{name}/identities/{key}", identity.show),
    ("/repositories/{owner}/{name}/versions/{key}", versions.show),
)

AT_ONCE = 2  # views made at a time: the same process receives deliveries, and they come first
PATIENCE = 5.0  # seconds that a view waits for its turn


def routes(settings: Settings) -> list[BaseRoute]:
    """Return the routes of all pages; none of them shows anything without the password."""
    desk = _Desk(settings)
    made: list[BaseRoute] = [Route(address, desk.serving(show), methods=["GET"]) for address, show in PAGES]
    return [*made, Route("/style.css", lambda _: style(), methods=["GET"])]


class _Desk:
    """Serves pages: in threads beside the loop, so nothing here may wait for long."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._redis = open_redis(settings.redis_url, brief=True)
        self._catalogue = load_catalogue()
        self._turns = threading.BoundedSemaphore(AT_ONCE)

    def serving(self, show: Show) -> Callable[[Request], Response]:
        """Return what answers a request for a page."""

        def serve(request: Request) -> Response:
            if not allowed(self._settings.pages_tokens, request.headers.get("authorization", "")):
                return said("Sign in", "The password is the one in WHARFINGER_PAGES_TOKEN; any user name will do.", 401)
            if not self._turns.acquire(timeout=PATIENCE):
                return said("Busy", "Others are looking at pages just now. Try again in a moment.", 503)
            try:
                return self._serve(show, request)
            finally:
                self._turns.release()

        return serve

    def _serve(self, show: Show, request: Request) -> Response:
        now = datetime.now(UTC)
        number = request.query_params.get("page", "1")
        counted = int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 1  # noqa: PLR2004 - a million parts are enough
        shelf = Shelf(self._redis, self._catalogue, self._settings, now, max(counted, 1))
        try:
            return printed(show(shelf, **request.path_params), now)
        except NothingThereError as error:
            return said("Nothing there", str(error), 404)
        except RedisError as error:
            reason = type(error).__name__
            return said("Redis is away", f"Redis does not answer ({reason}). Start it, or set REDIS_URL right.", 503)
        except Exception as error:  # noqa: BLE001 - one page must not take the receiver's log with it; its text may hold a secret
            log.error("a page broke: %s", fault_of(error))  # noqa: TRY400 - no trace: its text may hold what a repository says
            return said("Broken", "This page broke: our fault. The log names the line; please report it.", 500)
