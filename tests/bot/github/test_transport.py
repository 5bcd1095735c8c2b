"""What goes over the wire, seen from the other end: headers, and where a token never goes."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from redis import Redis

from bot.github.auth import read_app_key
from bot.github.client import GitHubClient
from bot.github.github_errors import RefusedError, TooLargeError
from bot.github.transport import API_VERSION, GitHubRequest, GitHubServer, Transport
from bot.model.errors import RetryLaterError
from tests.app.acme import SHORT_TIMEOUTS, TOKEN_KEY, acme_on, policy
from tests.conftest import PRIVATE_KEY


@dataclass
class RecordingServer:
    """A server that answers what it is told to, and remembers what it was asked."""

    url: str
    answers: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)


@pytest.fixture
def listener() -> Iterator[RecordingServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            headers, body = heard.answers.pop(0)
            self.send_response(int(headers.pop("status", "200")))
            for name, value in {**headers, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    heard = RecordingServer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield heard
    server.shutdown()
    thread.join()
    server.server_close()


def test_each_request_says_who_calls_for_which_delivery_and_in_which_version(
    listener: RecordingServer, redis: Redis
) -> None:
    listener.answers = [({}, b"{}")]
    phone = GitHubClient(GitHubServer(listener.url), read_app_key(1, PRIVATE_KEY), redis, (TOKEN_KEY,), SHORT_TIMEOUTS)
    phone.app("72d3162e-cc78-11e3-81ab-4c9367dc0958").get("/app", "see itself")
    phone.close()
    ((path, headers),) = listener.requests
    assert path == "/app"
    assert headers["x-github-delivery"] == "72d3162e-cc78-11e3-81ab-4c9367dc0958"
    assert headers["x-github-api-version"] == API_VERSION
    assert headers["user-agent"].startswith("wharfinger/")
    assert headers["authorization"].startswith("Bearer ")


def test_a_next_page_on_another_host_is_not_asked_for_nor_left_out(listener: RecordingServer, redis: Redis) -> None:
    elsewhere = {"link": '<http://127.0.0.1:9/app/installations?page=2>; rel="next"'}
    listener.answers = [(elsewhere, json.dumps([{"id": 1}]).encode())]
    phone = GitHubClient(GitHubServer(listener.url), read_app_key(1, PRIVATE_KEY), redis, (TOKEN_KEY,), SHORT_TIMEOUTS)
    with pytest.raises(RefusedError, match="WHARFINGER_GITHUB_API"):
        list(phone.app().paginate("/app/installations", "list its installations"))
    phone.close()
    assert len(listener.requests) == 1


def test_a_limit_whose_headers_are_no_numbers_is_one_all_the_same(listener: RecordingServer) -> None:
    wire = Transport(GitHubServer(listener.url), SHORT_TIMEOUTS)
    listener.answers = [({"status": "429", "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, b"{}") for _ in range(3)]
    with pytest.raises(RetryLaterError, match="without a number") as later:
        wire.send(GitHubRequest("GET", listener.url), "t")
    assert later.value.seconds == 60
    wire.close()


def test_an_answer_is_held_in_memory_up_to_a_limit(listener: RecordingServer) -> None:
    wire = Transport(GitHubServer(listener.url), SHORT_TIMEOUTS, max_bytes=1000)
    listener.answers = [({}, b"x" * 1000), ({}, b"x" * 1001)]
    assert len(wire.send(GitHubRequest("GET", listener.url), "t").content) == 1000
    with pytest.raises(TooLargeError, match="larger than"):
        wire.send(GitHubRequest("GET", listener.url), "t")
    wire.close()


def test_an_answer_that_breaks_off_is_asked_for_again(listener: RecordingServer) -> None:
    wire = Transport(GitHubServer(listener.url), SHORT_TIMEOUTS)
    spoiled = ({"content-encoding": "gzip"}, b"not gzip")
    listener.answers = [spoiled, ({}, b"whole"), *[spoiled] * 3]
    assert wire.send(GitHubRequest("GET", listener.url), "t").content == b"whole"
    with pytest.raises(RetryLaterError, match="broke off"):
        wire.send(GitHubRequest("GET", listener.url), "t")
    wire.close()


def test_a_repository_too_large_for_one_answer_is_read_piece_by_piece(redis: Redis) -> None:
    with acme_on(redis, policy=policy()) as acme:
        line = "# " + "x" * 60_000 + "\n"
        content = {f".github/workflows/w{number}.yml": line + "on: push\njobs: {}\n" for number in range(5)}
        widgets = acme.organization.repository("widgets", content)
        acme.client.transport.close()
        acme.client.transport = Transport(acme.client.server, SHORT_TIMEOUTS, max_bytes=200_000)
        assert acme.check(widgets).title == "Nothing is published from here"
        assert acme.github.count("GET /repos/{owner}/{repo}/git/blobs/{file_sha}") == 0


def test_a_file_that_a_query_cuts_is_fetched_whole(redis: Redis) -> None:
    with acme_on(redis, policy=policy()) as acme:
        long = "# " + "x" * 700_000 + "\non: push\njobs: {}\n"
        widgets = acme.organization.repository("widgets", {".github/workflows/long.yml": long})
        assert acme.check(widgets).title == "Nothing is published from here"
        assert acme.github.count("GET /repos/{owner}/{repo}/git/blobs/{file_sha}") == 1
