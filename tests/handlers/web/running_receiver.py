"""A real receiver on a port of its own, and deliveries as GitHub would sign and send them."""

import gzip
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import httpx
import uvicorn

from handlers.config.settings import Settings
from handlers.web.app import server_configuration
from tests.conftest import WEBHOOK_SECRET

PAYLOAD_EXAMPLES_FILE = Path(__file__).parents[3] / "tests" / "fakes" / "github" / "payloads" / "examples.json.gz"
COMMIT = "c0ffee" + "0" * 34


class RunningReceiver:
    """`with Web(settings) as web:` is the web process's application, served for real, in a thread."""

    def __init__(self, settings: Settings) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._address = self._socket.getsockname()
        self.url = f"http://127.0.0.1:{self._address[1]}"
        self._server = uvicorn.Server(server_configuration(settings))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self.client = httpx.Client(base_url=self.url, timeout=30)

    def __enter__(self) -> Self:
        self._thread.start()
        end = time.monotonic() + 30
        while not self._server.started:
            assert self._thread.is_alive(), "the receiver did not start"
            assert time.monotonic() < end, "the receiver did not start in time"
            time.sleep(0.005)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self._server.should_exit = True
        self._thread.join(30)
        self._socket.close()
        assert not self._thread.is_alive(), "the receiver did not end"

    def line(self) -> socket.socket:
        """A connection to say anything on; no answer is waited for longer than half a minute."""
        return socket.create_connection(self._address, timeout=30)

    def post(self, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        return self.client.post("/webhook", content=body, headers=raw)

    def deliver(self, event: str, payload: object, delivery: str = "", secret: str = WEBHOOK_SECRET) -> httpx.Response:
        """Send it as GitHub does."""
        body = json.dumps(payload).encode()
        return self.post(body, signed_headers(body, event, delivery, secret))

    def metrics(self) -> str:
        return self.client.get("/metrics").text


def sign(body: bytes, secret: str = WEBHOOK_SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def signed_headers(
    body: bytes, event: str = "push", delivery: str = "", secret: str = WEBHOOK_SECRET
) -> dict[str, str]:
    """The headers of a delivery."""
    return {
        "content-type": "application/json",
        "user-agent": "GitHub-Hookshot/0000000",
        "x-github-event": event,
        "x-github-delivery": delivery or str(uuid4()),
        "x-hub-signature-256": sign(body, secret),
    }


def push_payload(commit: str = COMMIT, *, installation: int = 5, login: str = "acme", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - a payload's fields
    """The fields of a push that are read."""
    return {
        "ref": "refs/heads/main",
        "after": commit,
        "deleted": False,
        "head_commit": {"id": commit},
        "repository": {"id": 7, "full_name": f"{login}/widgets", "owner": {"login": login}},
        "installation": {"id": installation},
        "sender": {"login": "octocat", "type": "User"},
        **more,
    }


def payload_examples() -> Iterator[tuple[str, dict[str, Any]]]:
    """All example payloads of @octokit/webhooks-examples, with the event of each."""
    for event in json.loads(gzip.decompress(PAYLOAD_EXAMPLES_FILE.read_bytes())):
        for payload in event["examples"]:
            yield event["name"], payload
