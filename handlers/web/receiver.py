"""The receiver: verifies a delivery, asks events.py what it is for, and answers once the work is safely in Redis."""

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

from bot.json_access import number, text
from handlers.config.metrics import ANSWER_TIME, DELIVERIES
from handlers.config.settings import Settings
from handlers.events.event_result import Asked
from handlers.events.events import work_for
from handlers.queue.enqueue import ACCEPT, Accepted, Verdict, accept_arguments, accepted
from handlers.web.delivery import (
    LARGEST_BODY,
    Heading,
    Payload,
    Refusal,
    account_of,
    is_own,
    read_heading,
    read_payload,
    verify,
)

log = logging.getLogger("wharfinger.web")

LONGEST_READ = 10  # seconds; GitHub itself gives up after ten
LARGE = 1024 * 1024  # bytes; larger bodies are read a few at a time, and off the loop
UNREAD = (400, 401, 408, 413, 415)
AT_ONCE = 3  # large bodies in memory
# Whether what becomes of an installation bars its deliveries from now on.
BARS: Mapping[str, str] = {
    "suspend": "suspend",
    "unsuspend": "unsuspend",
    "created": "unsuspend",
    "deleted": "unsuspend",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer to a delivery: its status, the word it is counted under, and a sentence for GitHub's log."""

    status: int
    word: str
    sentence: str


class Receiver:
    """The endpoint. Everything it keeps between two deliveries is a client of Redis and whether Redis is nearly full."""

    def __init__(self, settings: Settings, redis: Redis) -> None:
        self._settings = settings
        self._accept = redis.register_script(ACCEPT)
        self._large = asyncio.Semaphore(AT_ONCE)
        self.nearly_full = False  # set by whoever watches Redis's memory

    async def receive(self, request: Request) -> PlainTextResponse:
        """Answer one delivery; whatever it holds, the answer is a status and a sentence."""
        begin = time.perf_counter()
        event = request.headers.get("x-github-event", "")
        try:
            outcome = await self._receive(request)
        except Refusal as refusal:
            outcome = Outcome(refusal.status, "refused", refusal.sentence)
            event = "refused"  # the event of a delivery that is not GitHub's is anybody's text
        except RedisError as error:
            log.error("a delivery could not be kept: Redis is away (%s)", type(error).__name__)  # noqa: TRY400 - no trace is wanted for an outage
            outcome = Outcome(
                503, "unkept", "Redis cannot be reached, so the delivery is not kept; it will be asked for again"
            )
        DELIVERIES.labels(event=event, outcome=outcome.word).inc()
        ANSWER_TIME.observe(time.perf_counter() - begin)
        # What is left of a body that was not read to its end is not waited for.
        headers = {"connection": "close"} if outcome.status in UNREAD else None
        return PlainTextResponse(f"{outcome.sentence}\n", outcome.status, headers)

    async def _receive(self, request: Request) -> Outcome:
        heading = read_heading(request.headers, self._settings.app_id)
        try:
            async with asyncio.timeout(LONGEST_READ):
                payload = await self._read(request, heading)
        except TimeoutError:
            raise Refusal(408, f"the body did not arrive within {LONGEST_READ} seconds") from None
        except ClientDisconnect:
            raise Refusal(400, "the body broke off") from None
        return await self._take(heading, payload)

    async def _read(self, request: Request, heading: Heading) -> Payload:
        """Read the body no further than allowed, check its signature, and only then look at what it says."""
        body = bytearray()
        chunks = request.stream()
        async for chunk in chunks:
            body += chunk
            if len(body) > LARGE:
                async with self._large:
                    async for more in chunks:
                        body += more
                        if len(body) > LARGEST_BODY:
                            raise Refusal(413, f"the body is larger than {LARGEST_BODY} bytes, the most GitHub sends")
                    return await run_in_threadpool(self._judge, bytes(body), heading)
        return self._judge(bytes(body), heading)

    def _judge(self, body: bytes, heading: Heading) -> Payload:
        verify(self._settings.webhook_secrets, body, heading.signature)
        return read_payload(body, form=heading.form)

    async def _take(self, heading: Heading, payload: Payload) -> Outcome:
        installation = number(payload, "installation", "id")
        account = account_of(payload)
        if is_own(payload, self._settings.app_id):
            return Outcome(202, "own", "this App did that itself; nothing to do")
        if not self._settings.allows(installation, account):
            # 2xx: for GitHub a refusal would be a failed delivery, worth repeating; this one never will be.
            return Outcome(202, "not-allowed", f"refused: this App is not open to {account[:60] or 'this account'}")
        if heading.event == "ping":
            return Outcome(202, "pong", "the webhook works")
        asked = work_for(heading.event, payload)
        bar = BARS.get(text(payload, "action"), "") if heading.event == "installation" else ""
        if not asked.work and not bar:
            return Outcome(202, "nothing", f"nothing to do: {asked.why}")
        if self.nearly_full:
            return Outcome(503, "full", "Redis is nearly full, so the delivery is not kept; it will be asked for again")
        arguments = accept_arguments(asked.work, heading.delivery, installation, self._settings.queue_limit, bar)
        return _answer(asked, accepted(await self._accept(args=arguments)))


def _answer(asked: Asked, kept: Accepted) -> Outcome:
    if kept.verdict is Verdict.FULL:
        return Outcome(503, "full", "too much work waits, so the delivery is not kept; it will be asked for again")
    if kept.verdict is Verdict.SUSPENDED:
        return Outcome(202, "suspended", "refused: the installation is suspended")
    if kept.done and not kept.queued and not kept.waiting:
        return Outcome(200, "done-already", f"done already: {asked.why}")
    if not kept.queued:
        return Outcome(202, "waiting-already", f"waits already: {asked.why}")
    return Outcome(202, "queued", f"will be done: {asked.why}")
