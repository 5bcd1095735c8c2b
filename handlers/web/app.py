"""HTTP with an end to patience: uvicorn itself waits for ever for a request's head, and keeps any amount of it."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

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
