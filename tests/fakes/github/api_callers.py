"""Plain callers of the stand-in's API, for its own tests: an App as itself, an installation, a stranger."""

import time

import httpx
import jwt

from tests.fakes.github.contract.description import DEFAULT
from tests.fakes.github.fake_github import StandIn
from tests.fakes.github.state.apps import Installation
from tests.fakes.github.webhook_sender import NO_AUTHORITIES

AGENT = "stories/1"


def app_token(
    github: StandIn, *, issuer: str | None = None, issued: float = -60, expires: float = 540, key: str | None = None
) -> str:
    """A JWT of the App; times in seconds from now."""
    now = int(time.time())
    claims = {"iss": issuer or str(github.app.id), "iat": now + int(issued), "exp": now + int(expires)}
    return jwt.encode(claims, key or github.private_key, "RS256")


def caller(github: StandIn, credential: str | None, version: str = DEFAULT) -> httpx.Client:
    """A caller with this credential, or without any."""
    headers = {"User-Agent": AGENT, "Accept": "application/vnd.github+json", "X-GitHub-Api-Version": version}
    if credential is not None:
        headers["Authorization"] = f"Bearer {credential}"
    return httpx.Client(base_url=github.base_url, headers=headers, timeout=20, verify=NO_AUTHORITIES)


def app(github: StandIn, version: str = DEFAULT) -> httpx.Client:
    """The App as itself."""
    return caller(github, app_token(github), version)


def token_of(github: StandIn, installation: Installation, **narrowed: object) -> str:
    """A token of the installation, got as everyone gets one."""
    with app(github) as client:
        answer = client.post(f"/app/installations/{installation.id}/access_tokens", json=narrowed or None)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


def installed(github: StandIn, installation: Installation, version: str = DEFAULT, **narrowed: object) -> httpx.Client:
    """The App at work in an installation."""
    return caller(github, token_of(github, installation, **narrowed), version)
