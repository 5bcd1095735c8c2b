"""The stand-ins for registries: `with Registries() as registries:` is one server on this machine that is all of them."""

import hashlib
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

from bot.model.core_types import RegistryId
from tests.fakes.registries.registries_world import RegistriesWorld
from tests.fakes.registries.registry_exchange import RegistryReply, RegistryRequest
from tests.fakes.registries.shapes import SHAPES


class FakeRegistries:
    """`world` is what they hold, `addresses` where they are; what no real registry knows as a question is in `violations`."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.world = RegistriesWorld(clock)
        self.asked: list[RegistryRequest] = []
        self.violations: list[str] = []
        self.instead: dict[
            str, RegistryReply
        ] = {}  # by registry: the reply to whatever is asked next, until it is taken away
        self.instead_of: dict[tuple[str, str], RegistryReply] = {}  # the same for one registry's path
        self.fails: dict[str, str] = {}  # by registry: paths that it answers with a fault of its own
        self.sent = 0  # bytes of all answers
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()

    @property
    def addresses(self) -> Mapping[RegistryId, str]:
        """What a telephone wants as `addresses`."""
        return {RegistryId(name): f"http://127.0.0.1:{self._server.server_port}/{name}" for name in SHAPES}

    def answer(self, request: RegistryRequest) -> RegistryReply:
        """Answer one question as that registry does."""
        with self.world.lock:
            self.asked.append(request)
            if status := self.world.outages.get(request.registry):
                return RegistryReply(status, b"<html><body>out of service</body></html>", media="text/html")
            if seconds := self.world.limits.get(request.registry):
                return RegistryReply(429, {"message": "slow down"}, {"retry-after": str(seconds)})
            if (fails := self.fails.get(request.registry)) and re.fullmatch(fails, request.path):
                return RegistryReply(500)
            if instead := self.instead_of.get((request.registry, request.path)) or self.instead.get(request.registry):
                return instead
            return self._route(request)

    def _route(self, request: RegistryRequest) -> RegistryReply:
        for pattern, route in SHAPES.get(request.registry, ()):
            if match := re.fullmatch(pattern, request.path):
                parts = {name: unquote(text) for name, text in match.groupdict().items()}
                return _validated(request, route(self.world, replace(request, parts=parts)))
        self.violations.append(f"{request.method} {request.registry}{request.path}: no such question is documented")
        return RegistryReply(404)


def _validated(request: RegistryRequest, reply: RegistryReply) -> RegistryReply:
    if not reply.validated or reply.status != 200:
        return reply
    etag = f'"{hashlib.sha256(reply.content).hexdigest()[:32]}"'
    if request.headers.get("if-none-match") == etag:
        return RegistryReply(304, headers={"etag": etag})
    return RegistryReply(reply.status, reply.body, {**reply.headers, "etag": etag}, reply.media)


def _handler(registries: FakeRegistries) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            registry, _, path = parts.path.removeprefix("/").partition("/")
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            reply = registries.answer(RegistryRequest(registry, self.command, f"/{path}", query, headers))
            self.send_response(reply.status)
            content = b"" if reply.status == 304 else reply.content
            for name, value in {"content-type": reply.media, **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)
                registries.sent += len(content)

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    return Handler
