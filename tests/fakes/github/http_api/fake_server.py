"""The stand-in on the wire: HTTP in, faults on the way, conditional requests, HTTP out."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate

import uvicorn
from starlette.requests import Request as Incoming
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tests.fakes.github.http_api.exchange import ApiAnswer
from tests.fakes.github.http_api.fake_rate_limits import SECONDARY_LIMIT_MESSAGE, FakeRateLimits
from tests.fakes.github.http_api.faults import PART_MESSAGES, Fault, FaultInjector, PartFault
from tests.fakes.github.http_api.request_access import FORBIDDEN_MESSAGE
from tests.fakes.github.http_api.router import RawRequest, Router
from tests.fakes.github.state.github_world import ApiCall, GitHubWorld

ENTERPRISE_PREFIX = "/api/v3"  # where a GitHub Enterprise Server has its API
PAGES_PREFIX = "/web"  # where the pages are, which on github.com have a host of their own
ALLOW_LIST_MESSAGE = (
    "Although you appear to have the correct authorization credentials, the `acme` organization has an IP allow list "
    "enabled, and your IP address is not permitted to access this resource."
)
_FAULT_ANSWERS: Mapping[Fault, ApiAnswer] = {
    Fault.BAD_GATEWAY: ApiAnswer(502, b"<html><body>502 Bad Gateway</body></html>", media="text/html"),
    Fault.UNAVAILABLE: ApiAnswer(503, b"<html><body>503 Service Unavailable</body></html>", media="text/html"),
    Fault.SERVER_ERROR: ApiAnswer(500, {"message": "Server Error"}),
    Fault.SECONDARY: ApiAnswer(403, {"message": SECONDARY_LIMIT_MESSAGE}, {"retry-after": "60"}),
    Fault.SECONDARY_SILENT: ApiAnswer(403, {"message": SECONDARY_LIMIT_MESSAGE}),
    Fault.TOO_MANY: ApiAnswer(429, {"message": SECONDARY_LIMIT_MESSAGE}, {"retry-after": "60"}),
    Fault.BAD_CREDENTIALS: ApiAnswer(401, {"message": "Bad credentials"}),
    Fault.NOT_FOUND: ApiAnswer(404, {"message": "Not Found"}),
    Fault.OTHER_FORM: ApiAnswer(200, "?"),
    Fault.FORBIDDEN: ApiAnswer(
        403, {"message": FORBIDDEN_MESSAGE}, {"x-accepted-github-permissions": "metadata=write"}
    ),
    Fault.ALLOW_LIST: ApiAnswer(403, {"message": ALLOW_LIST_MESSAGE}),
    Fault.SAML: ApiAnswer(403, {"message": PART_MESSAGES[PartFault.SAML]}),
    Fault.BLOCKED: ApiAnswer(403, {"message": "Repository access blocked"}),
    Fault.LOCKED: ApiAnswer(423, {"message": "Repository is locked for migration."}),
    Fault.LEGAL: ApiAnswer(451, {"message": "Repository access blocked"}),
    Fault.NOT_JSON: ApiAnswer(200, b"<!DOCTYPE html><title>Unicorn!</title>", media="text/html"),
}


class FakeGitHubListener(uvicorn.Server):
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

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close what is open and cancel what runs, without uvicorn's tenth of a second for late answers."""
        for server in self.servers:
            server.close()
        for each in sockets or []:
            each.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await asyncio.sleep(0)
        for task in self.server_state.tasks:
            task.cancel()


class DroppedError(ConnectionError):
    """The connection ends here, on purpose."""


@dataclass
class FakeGitHubServer:
    """The ASGI application of the API; other paths are handed to the pages."""

    world: GitHubWorld
    router: Router
    rate_limits: FakeRateLimits
    faults: FaultInjector
    prefix: str
    graphql: Callable[[RawRequest], ApiAnswer]
    pages: Callable[[Scope, Receive, Send], Awaitable[None]]
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        inner = self._api_path(scope["raw_path"].decode("ascii", "replace").partition("?")[0])
        if inner is None:
            await self.pages(scope, receive, send)
            return
        incoming = Incoming(scope, receive)
        headers = {name.lower(): value for name, value in incoming.headers.items()}
        request = RawRequest(scope["method"], inner, scope["query_string"].decode(), headers, await incoming.body())
        self.rate_limits.concurrent += 1
        try:
            answer = await self._answer(request)
        finally:
            self.rate_limits.concurrent -= 1
        if answer is None:
            await _drop_connection(send)
            return
        await _response(answer, self.world.clock.date_header_time())(scope, receive, send)

    def _api_path(self, path: str) -> str | None:
        """The path within the API; None for everything else."""
        if path == PAGES_PREFIX or path.startswith(f"{PAGES_PREFIX}/"):
            return None
        if path.startswith(f"{self.prefix}/"):
            return path.removeprefix(self.prefix)
        return "/graphql" if path == "/api/graphql" else None

    async def _answer(self, request: RawRequest) -> ApiAnswer | None:
        order = self.faults.match_next(request.method, request.raw_path)
        fault = order.fault if order else None
        if order is not None and fault is Fault.SLOW:
            await asyncio.sleep(order.seconds)
        elif fault is Fault.HANG:
            self._log_call(request, 0)
            await self.closing.wait()
            return None
        elif fault is Fault.DROP:
            self._log_call(request, 0)
            return None
        elif fault is Fault.PRIMARY:
            return self._log_call(request, 403, _primary_limit_answer(self.world))
        elif fault is not None and fault in _FAULT_ANSWERS:
            return self._log_call(request, _FAULT_ANSWERS[fault].status, _FAULT_ANSWERS[fault])
        answer = self.graphql(request) if request.raw_path == "/graphql" else self.router.answer(request)
        return None if fault is Fault.DROP_AFTER else answer

    def _log_call(self, request: RawRequest, status: int, answer: ApiAnswer | None = None) -> ApiAnswer | None:
        self.world.log.calls.append(ApiCall(f"fault: {request.method} {request.raw_path}", request.raw_path, status))
        return answer


def _primary_limit_answer(world: GitHubWorld) -> ApiAnswer:
    reset = str(int(world.now()) + 60)
    headers = {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "0", "x-ratelimit-used": "5000"}
    return ApiAnswer(
        403,
        {"message": "API rate limit exceeded."},
        headers | {"x-ratelimit-reset": reset, "x-ratelimit-resource": "core"},
    )


def _response(answer: ApiAnswer, now: float) -> Response:
    body = (
        b""
        if answer.body is None
        else answer.body
        if isinstance(answer.body, bytes)
        else json.dumps(answer.body).encode()
    )
    headers = {"date": formatdate(now, usegmt=True), **answer.headers}
    return Response(body, answer.status, headers, media_type=answer.media if body else None)


async def _drop_connection(send: Send) -> None:
    """Promises a body and never sends it whole, so that the client sees the connection break."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000000")]})
    raise DroppedError
