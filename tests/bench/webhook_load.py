"""Load for a receiver, as a process of its own: `python -m tests.bench.webhook_load URL CONNECTIONS SECONDS` prints one JSON line.

Every connection sends one signed push of about 12 KB after the other, each of a commit of its own, so that each asks
for new work; it waits for the answer before it sends the next.
"""

import asyncio
import json
import sys
import time
from itertools import count
from typing import cast
from urllib.parse import urlsplit

import uvloop

from tests.conftest import WEBHOOK_SECRET
from tests.handlers.web.running_receiver import COMMIT, push_payload, sign

SIZE = 12_000  # bytes of a usual push
NUMBERS = count()
BODY = json.dumps(push_payload(padding="x" * (SIZE - len(json.dumps(push_payload(padding="")))))).encode()


def request(host: str) -> bytes:
    """One delivery, ready to be sent."""
    number = next(NUMBERS)
    body = BODY.replace(COMMIT.encode(), b"%040x" % number)
    head = (
        f"POST /webhook HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
        f"x-github-event: push\r\nx-github-delivery: {number:032x}\r\nx-hub-signature-256: {sign(body, WEBHOOK_SECRET)}\r\n\r\n"
    )
    return head.encode() + body


class LoadConnection(asyncio.Protocol):
    """One connection that is never idle; answers are small, so each arrives whole or ends in the next piece."""

    def __init__(self, host: str, times: list[float], bad: list[bytes]) -> None:
        self._host, self._times, self._bad = host, times, bad
        self._left = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are not told from others by their class
        self._send()

    def data_received(self, data: bytes) -> None:
        self._left += data
        head, found, body = self._left.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0] or 0)
        if not found or len(body) < length:
            return
        self._times.append(time.perf_counter() - self._sent)
        if not head.startswith((b"HTTP/1.1 202 ", b"HTTP/1.1 200 ")):
            self._bad.append(head)
        self._left = b""
        self._send()

    def _send(self) -> None:
        wanted = request(self._host)
        self._sent = time.perf_counter()
        self._transport.write(wanted)


async def load(url: str, connections: int, seconds: float) -> dict[str, float]:
    """Send for so many seconds and say how it went, in deliveries per second and milliseconds."""
    parts = urlsplit(url)
    times: list[float] = []
    bad: list[bytes] = []
    loop = asyncio.get_running_loop()
    for _ in range(connections):
        await loop.create_connection(
            lambda: LoadConnection(parts.netloc, times, bad), parts.hostname or "", parts.port or 80
        )
    await asyncio.sleep(0.5)  # the first answers load what is loaded once
    first = len(times)
    times.clear()
    await asyncio.sleep(seconds)
    done = sorted(times)
    return {
        "per_second": round(len(done) / seconds),
        "p50_ms": round(done[len(done) // 2] * 1000, 1),
        "p99_ms": round(done[len(done) * 99 // 100] * 1000, 1),
        "not_2xx": len(bad),
        "answered": first + len(times),
    }


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.stdout.write(json.dumps(runner.run(load(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))) + "\n")
