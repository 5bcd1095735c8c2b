"""Runs the web process and limits the size and duration of request headers."""

import argparse
import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import uvicorn
from prometheus_client.core import Metric
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from handlers.cache.diagnoses import DIAGNOSIS_KEY, parse_diagnosis
from handlers.config.database import Database, DatabaseError
from handlers.config.logs import set_up_logging
from handlers.config.metrics import MEMORY, as_text, queue_metrics, record_metrics
from handlers.config.redis_client import open_async_redis, without_password
from handlers.config.settings import Settings, check_port_is_free
from handlers.queue.enqueue import OWNER_KEY, QUEUES, load_script
from handlers.records.notification_store import NotificationStore
from handlers.records.package_alert_store import PackageAlertStore
from handlers.records.schema.migrate import open_records
from handlers.records.schema.record_documents import count_unreadable
from handlers.records.watch_store import WatchStore
from handlers.web.receiver import Receiver

MAX_HEAD_BYTES = 64 * 1024  # bytes of request line and headers; GitHub's have about two thousand
HEAD_TIMEOUT = 10.0  # seconds for the head to arrive


class LimitedHeadProtocol(HttpToolsProtocol):
    """Closes a connection whose request's head is too long or too slow. Bodies are the receiver's affair."""

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - passed on as they are
        super().__init__(*arguments, **named)
        self._in_head = True
        self._head = 0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._start_head_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop_head_timer()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_head:
            self._head += len(data)
            if self._head > MAX_HEAD_BYTES:
                self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._start_head_timer()

    def on_headers_complete(self) -> None:
        self._stop_head_timer()
        super().on_headers_complete()

    def _start_head_timer(self) -> None:
        self._stop_head_timer()
        self._in_head, self._head = True, 0
        self._timer = self.loop.call_later(HEAD_TIMEOUT, self.transport.close)

    def _stop_head_timer(self) -> None:
        self._in_head = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


log = logging.getLogger("wharfinger.web")

MAX_REDIS_CONNECTIONS = 32  # to Redis; a delivery needs one for half a millisecond
NEARLY_FULL_RATIO = (
    0.7  # of maxmemory: from there on nothing more is taken, so that workers can still book what they did
)
MEMORY_CHECK_INTERVAL = 2.0  # seconds between two looks at Redis's memory


def make_app(settings: Settings) -> Starlette:
    """Make the application; Redis need not be there yet."""
    opened = open_async_redis(settings.redis_url, MAX_REDIS_CONNECTIONS)
    redis = opened.client
    records = Database(settings.database_url)
    receiver = Receiver(settings, redis)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        log.info("listening on http://%s:%d/webhook", settings.host, settings.port)
        watch = asyncio.create_task(_monitor_redis(redis, receiver, without_password(settings.redis_url)))
        yield
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch
        await opened.close()
        records.close()

    async def ready(_: Request) -> Response:
        return await _ready(redis, receiver, settings.app)

    async def metrics(_: Request) -> Response:
        return await _metrics(redis, records)

    routes: list[BaseRoute] = [
        Route("/webhook", receiver, methods=["POST"]),
        Route("/health", _health, methods=["GET"]),
        Route("/ready", ready, methods=["GET"]),
        Route("/metrics", metrics, methods=["GET"]),
        Route("/documentation", _documentation, methods=["GET"]),
        Route("/documentation/{name}", _documentation, methods=["GET"]),
        Route("/style.css", _stylesheet, methods=["GET"]),
        *_pages(settings, records),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


def _pages(settings: Settings, records: Database) -> list[BaseRoute]:
    """Return the pages' routes, or one that says how to have them."""
    if not settings.pages_tokens:
        return [Route("/", _no_pages, methods=["GET"])]
    # The pages take a while to load, and a receiver without them need not wait.
    from handlers.web.pages.routes import routes

    return routes(settings, records)


def _documentation(request: Request) -> Response:
    # The pages take a while to load, and a receiver without them need not wait.
    from handlers.web.pages.routes import documentation_response

    return documentation_response(request.path_params.get("name", ""))


def _stylesheet(_: Request) -> Response:
    # As above: the style sheet is loaded with the pages.
    from handlers.web.pages.routes import stylesheet_response

    return stylesheet_response()


async def _no_pages(_: Request) -> Response:
    sentence = (
        "Wharfinger receives deliveries here. It shows pages once WHARFINGER_PAGES_TOKEN is set to a password for them."
    )
    return PlainTextResponse(f"{sentence}\n", 404)


async def _health(_: Request) -> Response:
    """Alive: the process answers. Restart it when it does not."""
    return PlainTextResponse("alive\n")


async def _ready(redis: Redis, receiver: Receiver, app: str) -> Response:
    """Ready: deliveries would be kept. The credentials were read and checked before this process listened."""
    checks = {"credentials": "ok", "redis": "ok"}
    try:
        owner = await redis.get(OWNER_KEY)
        if owner not in (None, app.encode()):
            checks["redis"] = "belongs to another App: give each App a Redis of its own"
        elif receiver.nearly_full:
            checks["redis"] = "nearly full: raise maxmemory, or start more workers"
    except RedisError as error:
        checks["redis"] = f"away ({type(error).__name__}): start it, or correct REDIS_URL"
    good = all(word == "ok" for word in checks.values())
    return JSONResponse({"ready": good, **checks}, 200 if good else 503)


async def _metrics(redis: Redis, records: Database) -> Response:
    of_records = await run_in_threadpool(_record_metrics, records)
    try:
        async with redis.pipeline(transaction=False) as pipe:
            pipe.eval(load_script("lengths"), 0)
            for queue in QUEUES:
                pipe.zcard(f"rq:failed:{queue}")
            pipe.hgetall("wharfinger:counts")
            pipe.scard("rq:workers")
            pipe.get(DIAGNOSIS_KEY)
            lengths, *failed, counts, workers, diagnosed = await pipe.execute()
    except RedisError:
        return Response(as_text(of_records), media_type="text/plain; version=0.0.4")
    waiting, dead = dict(zip(QUEUES, lengths, strict=True)), dict(zip(QUEUES, failed, strict=True))
    by_name = {name.decode(): int(count) for name, count in counts.items()}
    diagnosis = parse_diagnosis(diagnosed)
    missing = len(diagnosis.missing) if diagnosis else None
    told = (*queue_metrics(waiting, dead, by_name, workers, missing), *of_records)
    return Response(as_text(told), media_type="text/plain; version=0.0.4")


def _record_metrics(records: Database) -> tuple[Metric, ...]:
    """Return the figures of the records; none where the database is away, which monitoring sees by their absence."""
    now, store = time.time(), WatchStore(records)
    try:
        watched, due = store.figures(now)
        outages = {registry: outage.since for registry, outage in store.outages().items()}
        unreported = sum(1 for _ in PackageAlertStore(records).unreported(math.inf))
        figures = {
            "watched_packages": watched,
            "packages_due": due,
            "alerts_unreported": unreported,
            "notifications_waiting": NotificationStore(records).waiting(),
            "unreadable_records": count_unreadable(records),
        }
        return tuple(record_metrics(figures, outages))
    except DatabaseError:
        return ()


async def _monitor_redis(redis: Redis, receiver: Receiver, address: str) -> None:
    """Tell the receiver when Redis is nearly full: at its maximum, workers could not even book what they did."""
    there = True
    while True:
        try:
            memory = await redis.info("memory")
        except RedisError as error:
            if there:
                reason = type(error).__name__
                log.warning("Redis at %s does not answer (%s); start it, or set REDIS_URL right", address, reason)
            there = False
        else:
            if not there:
                log.warning("Redis at %s answers again", address)
            there = True
            _update_memory(memory, receiver)
        await asyncio.sleep(MEMORY_CHECK_INTERVAL)


def _update_memory(memory: Mapping[str, Any], receiver: Receiver) -> None:
    limit = int(memory.get("maxmemory", 0))
    ratio = int(memory["used_memory"]) / limit if limit else 0.0
    MEMORY.set(ratio)
    if (ratio >= NEARLY_FULL_RATIO) is not receiver.nearly_full:
        receiver.nearly_full = ratio >= NEARLY_FULL_RATIO
        taken = "refused" if receiver.nearly_full else "taken again"
        log.warning("Redis uses %.0f %% of its memory: deliveries are %s", ratio * 100, taken)


MAX_CONNECTIONS = 1000  # more are answered 503 at once
SHUTDOWN_GRACE = 15  # seconds for the requests under way when the process is told to stop


def main(_: argparse.Namespace) -> int:
    """Listen until told to stop; the settings say where."""
    settings = Settings.from_environment()
    set_up_logging(settings)
    check_port_is_free(settings)
    try:
        open_records(settings).close()
    except DatabaseError as error:  # deliveries are taken all the same, and workers do their work once it is back
        log.warning("%s", error)
    server = uvicorn.Server(server_configuration(settings))
    server.run()
    return 0 if server.started else 1


def server_configuration(settings: Settings) -> uvicorn.Config:
    """Return how the server runs: the fast loop and parser, no access log (the metrics count), no boasting header."""
    return uvicorn.Config(
        make_app(settings),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=LimitedHeadProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_graceful_shutdown=SHUTDOWN_GRACE,
    )
