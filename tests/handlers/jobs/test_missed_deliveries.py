"""Holds that what GitHub could not deliver is asked for again as long as GitHub keeps it."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from redis import Redis

from handlers.jobs.job_table import run_job
from handlers.queue.job_specs import RedeliverFailed
from tests.app.acme import RELEASE_WORKFLOW_PATH, STORED_TOKEN, AcmeInstallation, acme_on

NOBODY_THERE = "http://127.0.0.1:9/webhook"
EVERY = 5  # minutes between two looks, as the timetable has it


@dataclass
class Receiver:
    """Takes everything, once GitHub is told where it is."""

    address: str
    got: list[str] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            kept.got.append(self.headers["x-github-event"])
            self.send_response(202)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        kept = Receiver(f"http://127.0.0.1:{server.server_port}/webhook")
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield kept
        server.shutdown()


def look(acme: AcmeInstallation, times: int) -> None:
    """Let that many looks pass, five minutes apart by GitHub's clock, which is the App's too."""
    for _ in range(times):
        run_job(replace(acme.context, clock=acme.github.clock.utc_now), RedeliverFailed())
        acme.github.wait_for_deliveries()
        acme.github.clock.advance(minutes=EVERY)


@pytest.mark.parametrize("minutes", [20, 40, 360])
def test_what_was_missed_comes_once_the_receiver_is_back(redis: Redis, receiver: Receiver, minutes: int) -> None:
    with acme_on(redis) as acme:
        widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
        acme.github.deliver_to(NOBODY_THERE)
        widgets.push({"README.md": "news"})
        acme.github.wait_for_deliveries()
        look(acme, minutes // EVERY)
        acme.github.deliver_to(receiver.address)
        look(acme, 4 + minutes // 4 // EVERY)  # the pauses grow with the age of the delivery

        assert "push" in receiver.got
