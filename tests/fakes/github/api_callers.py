"""Plain callers of the stand-in's API, for its own tests: an App as itself, an installation, a stranger."""

import time

import httpx
import jwt

from tests.fakes.github.contract.description import DEFAULT
from tests.fakes.github.fake_github import FakeGitHub
from tests.fakes.github.state.apps import FakeInstallation
from tests.fakes.github.webhook_sender import NO_TLS

USER_AGENT = "stories/1"


def app_token(
    github: FakeGitHub, *, issuer: str | None = None, issued: float = -60, expires: float = 540, key: str | None = None
) -> str:
    """A JWT of the App; times in seconds from now."""
    now = int(time.time())
    claims = {"iss": issuer or str(github.app.id), "iat": now + int(issued), "exp": now + int(expires)}
    return jwt.encode(claims, key or github.private_key, "RS256")


def api_client(github: FakeGitHub, credential: str | None, version: str = DEFAULT) -> httpx.Client:
    """A caller with this credential, or without any."""
    headers = {"User-Agent": USER_AGENT, "Accept": "application/vnd.github+json", "X-GitHub-Api-Version": version}
    if credential is not None:
        headers["Authorization"] = f"Bearer {credential}"
    return httpx.Client(base_url=github.base_url, headers=headers, timeout=20, verify=NO_TLS)


def app_client(github: FakeGitHub, version: str = DEFAULT) -> httpx.Client:
    """The App as itself."""
    return api_client(github, app_token(github), version)


def installation_token(github: FakeGitHub, installation: FakeInstallation, **narrowed: object) -> str:
    """A token of the installation, got as everyone gets one."""
    with app_client(github) as client:
        answer = client.post(f"/app/installations/{installation.id}/access_tokens", json=narrowed or None)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


def installation_client(
    github: FakeGitHub, installation: FakeInstallation, version: str = DEFAULT, **narrowed: object
) -> httpx.Client:
    """The App at work in an installation."""
    return api_client(github, installation_token(github, installation, **narrowed), version)
