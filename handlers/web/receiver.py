"""Receives a webhook delivery, verifies it, enqueues its jobs in Redis, and answers GitHub."""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse

from bot.json_access import get_int, get_str
from handlers.config.metrics import DELIVERIES, RESPONSE_TIME
from handlers.config.settings import Settings
from handlers.events.event_result import EventResult
from handlers.events.event_table import jobs_for_event
from handlers.queue.enqueue import ENQUEUE_SCRIPT, EnqueueResult, EnqueueStatus, enqueue_arguments, parse_enqueue_result
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
    """The endpoint. Everything it keeps between two deliveries is a client of Redis and whether Redis is nearly full."""

    def __init__(self, settings: Settings, redis: Redis) -> None:
        self._settings = settings
        self._enqueue_script = redis.register_script(ENQUEUE_SCRIPT)
        self._large_bodies = asyncio.Semaphore(MAX_LARGE_BODIES)
        self.nearly_full = False  # set by whoever watches Redis's memory

    async def receive(self, request: Request) -> PlainTextResponse:
        """Answer one delivery; whatever it holds, the answer is a status and a sentence."""
        begin = time.perf_counter()
        event = request.headers.get("x-github-event", "")
        try:
            outcome = await self._receive(request)
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
        # What is left of a body that was not read to its end is not waited for.
        headers = {"connection": "close"} if outcome.status in UNREAD_STATUSES else None
        return PlainTextResponse(f"{outcome.message}\n", outcome.status, headers)

    async def _receive(self, request: Request) -> DeliveryOutcome:
        heading = parse_headers(request.headers, self._settings.app_id)
        try:
            async with asyncio.timeout(READ_TIMEOUT):
                payload = await self._read(request, heading)
        except TimeoutError:
            raise DeliveryRefused(408, f"the body did not arrive within {READ_TIMEOUT} seconds") from None
        except ClientDisconnect:
            raise DeliveryRefused(400, "the body broke off") from None
        return await self._enqueue(heading, payload)

    async def _read(self, request: Request, headers: DeliveryHeaders) -> Payload:
        """Read the body no further than allowed, check its signature, and only then look at what it says."""
        body = bytearray()
        chunks = request.stream()
        async for chunk in chunks:
            body += chunk
            if len(body) > LARGE_BODY_BYTES:
                async with self._large_bodies:
                    async for more in chunks:
                        body += more
                        if len(body) > MAX_BODY_BYTES:
                            raise DeliveryRefused(
                                413, f"the body is larger than {MAX_BODY_BYTES} bytes, the most GitHub sends"
                            )
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
        arguments = enqueue_arguments(asked.jobs, headers.delivery_id, installation, self._settings.queue_limit, bar)
        return _outcome(asked, parse_enqueue_result(await self._enqueue_script(args=arguments)))


def _outcome(result: EventResult, enqueued: EnqueueResult) -> DeliveryOutcome:
    if enqueued.status is EnqueueStatus.FULL:
        return DeliveryOutcome(
            503, "full", "too much work waits, so the delivery is not kept; it will be asked for again"
        )
    if enqueued.status is EnqueueStatus.SUSPENDED:
        return DeliveryOutcome(202, "suspended", "refused: the installation is suspended")
    if enqueued.already_done and not enqueued.queued and not enqueued.already_waiting:
        return DeliveryOutcome(200, "done-already", f"done already: {result.reason}")
    if not enqueued.queued:
        return DeliveryOutcome(202, "waiting-already", f"waits already: {result.reason}")
    return DeliveryOutcome(202, "queued", f"will be done: {result.reason}")
