"""Receives a webhook delivery, verifies it, has its jobs stored in Redis, and answers GitHub."""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from bot.json_access import get_int, get_str
from handlers.config.metrics import DELIVERIES, RESPONSE_TIME
from handlers.config.settings import Settings
from handlers.events.event_result import EventResult
from handlers.events.event_table import jobs_for_event
from handlers.queue.enqueue import EnqueueResult, EnqueueStatus, enqueue_arguments
from handlers.web.delivery import (
    MAX_BODY_BYTES,
    DeliveryHeaders,
    DeliveryRefused,
    Payload,
    account_login,
    parse_headers,
    read_payload,
    sent_by_this_app,
    verify_signature,
)
from handlers.web.delivery_store import DeliveryStore

log = logging.getLogger("wharfinger.web")

READ_TIMEOUT = 10  # seconds; GitHub itself gives up after ten
LARGE_BODY_BYTES = 1024 * 1024  # bytes; larger bodies are read a few at a time, and off the loop
UNREAD_STATUSES = (400, 401, 408, 413, 415)
MAX_LARGE_BODIES = 3  # large bodies in memory
# Whether what becomes of an installation bars its deliveries from now on.
SUSPENSION_BY_ACTION: Mapping[str, str] = {
    "suspend": "suspend",
    "unsuspend": "unsuspend",
    "created": "unsuspend",
    "deleted": "unsuspend",
}


@dataclass(frozen=True, slots=True)
class DeliveryOutcome:
    """The answer to a delivery: its status, the word it is counted under, and a sentence for GitHub's log."""

    status: int
    label: str
    message: str


class Receiver:
    """The endpoint, as plain ASGI: a framework would cost more than all else here but the signature.

    Everything it keeps between two deliveries is its store in Redis and whether Redis is nearly full.
    """

    def __init__(self, settings: Settings, redis: Redis) -> None:
        self._settings = settings
        self._store = DeliveryStore(redis)
        self._large_bodies = asyncio.Semaphore(MAX_LARGE_BODIES)
        self.nearly_full = False  # set by whoever watches Redis's memory

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one delivery; whatever it holds, the answer is a status and a sentence."""
        begin = time.perf_counter()
        # Of a header that is there twice, the first counts.
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(scope["headers"])}
        event = headers.get("x-github-event", "")
        try:
            outcome = await self._receive(headers, receive)
        except DeliveryRefused as refusal:
            outcome = DeliveryOutcome(refusal.status, "refused", refusal.message)
            event = "refused"  # the event of a delivery that is not GitHub's is anybody's text
        except RedisError as error:
            log.error("a delivery could not be kept: Redis is away (%s)", type(error).__name__)  # noqa: TRY400 - no trace is wanted for an outage
            outcome = DeliveryOutcome(
                503, "unkept", "Redis cannot be reached, so the delivery is not kept; it will be asked for again"
            )
        DELIVERIES.labels(event=event, outcome=outcome.label).inc()
        RESPONSE_TIME.observe(time.perf_counter() - begin)
        await _answer(outcome, send)

    async def _receive(self, headers: Mapping[str, str], receive: Receive) -> DeliveryOutcome:
        heading = parse_headers(headers, self._settings.app_id)
        try:
            async with asyncio.timeout(READ_TIMEOUT):
                payload = await self._read(receive, heading)
        except TimeoutError:
            raise DeliveryRefused(408, f"the body did not arrive within {READ_TIMEOUT} seconds") from None
        return await self._enqueue(heading, payload)

    async def _read(self, receive: Receive, headers: DeliveryHeaders) -> Payload:
        """Read the body no further than allowed, check its signature, and only then look at what it says."""
        body = bytearray()
        while await _read_chunk(receive, body):
            if len(body) > LARGE_BODY_BYTES:
                async with self._large_bodies:
                    while await _read_chunk(receive, body):
                        pass
                    return await run_in_threadpool(self._verify, bytes(body), headers)
        return self._verify(bytes(body), headers)

    def _verify(self, body: bytes, headers: DeliveryHeaders) -> Payload:
        verify_signature(self._settings.webhook_secrets, body, headers.signature)
        return read_payload(body, is_form=headers.is_form)

    async def _enqueue(self, headers: DeliveryHeaders, payload: Payload) -> DeliveryOutcome:
        installation = get_int(payload, "installation", "id")
        account = account_login(payload)
        if sent_by_this_app(payload, self._settings.app_id):
            return DeliveryOutcome(202, "own", "this App did that itself; nothing to do")
        if not self._settings.allows(installation, account):
            # 2xx: for GitHub a refusal would be a failed delivery, worth repeating; this one never will be.
            return DeliveryOutcome(
                202, "not-allowed", f"refused: this App is not open to {account[:60] or 'this account'}"
            )
        if headers.event == "ping":
            return DeliveryOutcome(202, "pong", "the webhook works")
        asked = jobs_for_event(headers.event, payload)
        bar = SUSPENSION_BY_ACTION.get(get_str(payload, "action"), "") if headers.event == "installation" else ""
        if not asked.jobs and not bar:
            return DeliveryOutcome(202, "nothing", f"nothing to do: {asked.reason}")
        if self.nearly_full:
            return DeliveryOutcome(
                503, "full", "Redis is nearly full, so the delivery is not kept; it will be asked for again"
            )
        arguments = enqueue_arguments(
            asked.jobs, headers.delivery_id, installation, self._settings.queue_limit, bar, self._settings.app
        )
        return _outcome(asked, await self._store.store(arguments))


async def _read_chunk(receive: Receive, body: bytearray) -> bool:
    """Add the next piece to the body, and return whether there are more."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise DeliveryRefused(400, "the body broke off")
    body += message.get("body", b"")
    if len(body) > MAX_BODY_BYTES:
        raise DeliveryRefused(413, f"the body is larger than {MAX_BODY_BYTES} bytes, the most GitHub sends")
    return bool(message.get("more_body", False))


async def _answer(outcome: DeliveryOutcome, send: Send) -> None:
    body = f"{outcome.message}\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body))]
    if outcome.status in UNREAD_STATUSES:
        headers.append(
            (b"connection", b"close")
        )  # what is left of a body that was not read to its end is not waited for
    await send({"type": "http.response.start", "status": outcome.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _outcome(result: EventResult, enqueued: EnqueueResult) -> DeliveryOutcome:
    if enqueued.status is EnqueueStatus.FULL:
        return DeliveryOutcome(
            503, "full", "too much work waits, so the delivery is not kept; it will be asked for again"
        )
    if enqueued.status is EnqueueStatus.FOREIGN:
        log.error("REDIS_URL names the Redis of another App, so no delivery is kept; give each App a Redis of its own")
        return DeliveryOutcome(503, "foreign", "this App's Redis belongs to another App, so the delivery is not kept")
    if enqueued.status is EnqueueStatus.SUSPENDED:
        return DeliveryOutcome(202, "suspended", "refused: the installation is suspended")
    if enqueued.already_done and not enqueued.queued and not enqueued.already_waiting:
        return DeliveryOutcome(200, "done-already", f"done already: {result.reason}")
    if not enqueued.queued:
        return DeliveryOutcome(202, "waiting-already", f"waits already: {result.reason}")
    return DeliveryOutcome(202, "queued", f"will be done: {result.reason}")
