"""The stand-in on the wire: HTTP in, faults on the way, conditional requests, HTTP out."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate

import uvicorn
from starlette.requests import Request as Incoming
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tests.fakes.github.http_api.exchange import Answer
from tests.fakes.github.http_api.fake_rate_limits import SECONDARY, Limits
from tests.fakes.github.http_api.faults import Fault, Faults
from tests.fakes.github.http_api.router import Desk, Request
from tests.fakes.github.state.github_world import Call, World

ENTERPRISE = "/api/v3"  # where a GitHub Enterprise Server has its API
PAGES = "/web"  # where the pages are, which on github.com have a host of their own
_REFUSALS: Mapping[Fault, Answer] = {
    Fault.BAD_GATEWAY: Answer(502, b"<html><body>502 Bad Gateway</body></html>", media="text/html"),
    Fault.UNAVAILABLE: Answer(503, b"<html><body>503 Service Unavailable</body></html>", media="text/html"),
    Fault.SERVER_ERROR: Answer(500, {"message": "Server Error"}),
    Fault.SECONDARY: Answer(403, {"message": SECONDARY}, {"retry-after": "60"}),
    Fault.SECONDARY_SILENT: Answer(403, {"message": SECONDARY}),
    Fault.TOO_MANY: Answer(429, {"message": SECONDARY}, {"retry-after": "60"}),
    Fault.BAD_CREDENTIALS: Answer(401, {"message": "Bad credentials"}),
    Fault.NOT_FOUND: Answer(404, {"message": "Not Found"}),
    Fault.NOT_JSON: Answer(200, b"<!DOCTYPE html><title>Unicorn!</title>", media="text/html"),
}


class Listener(uvicorn.Server):
    """uvicorn, but quick to stop: tests start and stop many of them."""

    def __init__(self, config: uvicorn.Config, closing: asyncio.Event) -> None:
        super().__init__(config)
        self.closing = closing

    async def main_loop(self) -> None:
        """Looks every hundredth of a second, instead of every tenth, whether it is time to stop."""
        counter = 0
        while not await self.on_tick(counter):
            counter = (counter + 1) % 864_000
            await asyncio.sleep(0.01)
        self.closing.set()


class DroppedError(ConnectionError):
    """The connection ends here, on purpose."""


@dataclass
class Server:
    """The ASGI application of the API; other paths are handed to the pages."""

    world: World
    desk: Desk
    limits: Limits
    faults: Faults
    prefix: str
    graphql: Callable[[Request], Answer]
    pages: Callable[[Scope, Receive, Send], Awaitable[None]]
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        inner = self._inner(scope["raw_path"].decode("ascii", "replace").partition("?")[0])
        if inner is None:
            await self.pages(scope, receive, send)
            return
        incoming = Incoming(scope, receive)
        headers = {name.lower(): value for name, value in incoming.headers.items()}
        request = Request(scope["method"], inner, scope["query_string"].decode(), headers, await incoming.body())
        self.limits.under_way += 1
        try:
            answer = await self._answered(request)
        finally:
            self.limits.under_way -= 1
        if answer is None:
            await _drop(send)
            return
        await _response(answer, self.world.clock.on_the_wall())(scope, receive, send)

    def _inner(self, path: str) -> str | None:
        """The path within the API; None for everything else."""
        if path == PAGES or path.startswith(f"{PAGES}/"):
            return None
        if path.startswith(f"{self.prefix}/"):
            return path.removeprefix(self.prefix)
        return "/graphql" if path == "/api/graphql" else None

    async def _answered(self, request: Request) -> Answer | None:
        order = self.faults.strike(request.method, request.raw_path)
        fault = order.fault if order else None
        if order is not None and fault is Fault.SLOW:
            await asyncio.sleep(order.seconds)
        elif fault is Fault.HANG:
            self._note(request, 0)
            await self.closing.wait()
            return None
        elif fault is Fault.DROP:
            self._note(request, 0)
            return None
        elif fault is Fault.PRIMARY:
            return self._note(request, 403, _spent(self.world))
        elif fault is not None and fault in _REFUSALS:
            return self._note(request, _REFUSALS[fault].status, _REFUSALS[fault])
        answer = self.graphql(request) if request.raw_path == "/graphql" else self.desk.answer(request)
        return None if fault is Fault.DROP_AFTER else answer

    def _note(self, request: Request, status: int, answer: Answer | None = None) -> Answer | None:
        self.world.record.calls.append(Call(f"fault: {request.method} {request.raw_path}", request.raw_path, status))
        return answer


def _spent(world: World) -> Answer:
    reset = str(int(world.now()) + 60)
    headers = {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "0", "x-ratelimit-used": "5000"}
    return Answer(
        403,
        {"message": "API rate limit exceeded."},
        headers | {"x-ratelimit-reset": reset, "x-ratelimit-resource": "core"},
    )


def _response(answer: Answer, now: float) -> Response:
    body = (
        b""
        if answer.body is None
        else answer.body
        if isinstance(answer.body, bytes)
        else json.dumps(answer.body).encode()
    )
    headers = {"date": formatdate(now, usegmt=True), **answer.headers}
    return Response(body, answer.status, headers, media_type=answer.media if body else None)


async def _drop(send: Send) -> None:
    """Promises a body and never sends it whole, so that the client sees the connection break."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000000")]})
    raise DroppedError
