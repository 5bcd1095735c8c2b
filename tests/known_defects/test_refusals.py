"""Holds that a refusal which no permission of the App mends is not answered with advice about permissions."""

import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from redis import Redis

from bot.github.auth import read_app_key
from bot.github.client import GitHubClient
from bot.github.github_errors import ForbiddenError, GitHubError
from bot.github.transport import GitHubServer
from tests.app.acme import SHORT_TIMEOUTS, TOKEN_KEY
from tests.conftest import PRIVATE_KEY

ALLOW_LIST = (
    "Although you appear to have the correct authorization credentials, the `acme` organization has an IP allow list "
    "enabled, and your IP address is not permitted to access this resource."
)
SAML = (
    "Resource protected by organization SAML enforcement. You must grant your GitHub App access to this organization."
)


@contextmanager
def refusing(message: str, headers: dict[str, str]) -> Iterator[str]:
    """Open a GitHub that refuses whatever it is asked; its address."""
    body = json.dumps({"message": message}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(403)
            for name, value in {**headers, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def refusal(redis: Redis, message: str, headers: dict[str, str] | None = None) -> GitHubError:
    """Return what the telephone makes of a refusal."""
    with refusing(message, headers or {}) as address:
        phone = GitHubClient(GitHubServer(address), read_app_key(1, PRIVATE_KEY), redis, (TOKEN_KEY,), SHORT_TIMEOUTS)
        with closing(phone), pytest.raises(GitHubError) as refused:
            phone.app().get("/repos/acme/widgets", "read files of acme/widgets")
    return refused.value


def test_a_lacking_permission_is_named(redis: Redis) -> None:
    error = refusal(redis, "Resource not accessible by integration", {"x-accepted-github-permissions": "contents=read"})

    assert isinstance(error, ForbiddenError)
    assert error.permission == "contents: read"


def wrong(what: str) -> pytest.MarkDecorator:
    return pytest.mark.xfail(strict=True, reason=f"verdicts: {what} is told as a permission that the App lacks")


@pytest.mark.parametrize(
    ("message", "named"),
    [
        pytest.param(ALLOW_LIST, "allow list", marks=wrong("an organization's IP allow list"), id="allow list"),
        pytest.param(SAML, "SAML", marks=wrong("an organization's SAML enforcement"), id="SAML"),
        pytest.param("Repository access blocked", "block", marks=wrong("a repository that GitHub blocked"), id="blocked"),
    ],
)  # fmt: skip
def test_what_no_permission_mends_is_told_as_what_it_is(redis: Redis, message: str, named: str) -> None:
    error = refusal(redis, message)

    assert not isinstance(error, ForbiddenError)
    assert named in str(error)
