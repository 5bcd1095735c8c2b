"""Credentials: an App's own JWT is verified, an installation's token is issued and looked up."""

import base64
import json
import secrets
import string
from dataclasses import dataclass

import jwt

from tests.fakes.github.http_api.exchange import ApiRefusal
from tests.fakes.github.state.apps import FakeApp, FakeInstallation, FakeToken
from tests.fakes.github.state.github_world import GitHubWorld

TOKEN_LIFETIME = 3600
MAX_JWT_LIFETIME = 600  # seconds between now and exp (docs: generating a JWT for a GitHub App)
ALLOWED_CLOCK_DRIFT = 60  # seconds of clock difference that are forgiven; the exact figure is not documented
TOKEN_LENGTH = 520  # characters of a token since 2026-04-27


@dataclass(frozen=True, slots=True)
class AuthenticatedCaller:
    """Who a request comes from: an App as itself, an installation of it, or nobody."""

    app: FakeApp | None = None
    token: FakeToken | None = None
    installation: FakeInstallation | None = None


def authenticate(world: GitHubWorld, header: str | None) -> AuthenticatedCaller:
    """Who the Authorization header names; refuses one that names nobody."""
    if header is None:
        return AuthenticatedCaller()
    scheme, _, credential = header.partition(" ")
    if scheme.lower() not in ("bearer", "token") or not credential:
        raise bad_credentials()
    if credential.startswith("ghs_"):
        return _of_installation(world, credential)
    if scheme.lower() == "bearer" and credential.count(".") == 2:
        return AuthenticatedCaller(app=verified_app(world, credential))
    raise bad_credentials()


def bad_credentials() -> ApiRefusal:
    """A token that is not, or no longer, good."""
    return ApiRefusal(401, "Bad credentials")


def verified_app(world: GitHubWorld, token: str) -> FakeApp:
    """The App that signed this JWT."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise ApiRefusal(401, "A JSON web token could not be decoded") from None
    issuer = str(claims.get("iss", ""))
    app = next((each for each in world.apps.values() if issuer in (str(each.id), each.client_id)), None)
    if app is None:
        raise ApiRefusal(404, "Integration not found")
    now = world.clock.token_time()
    _check_times(claims.get("iat"), claims.get("exp"), now)
    try:
        jwt.decode(
            token, app.key.public_key(), algorithms=["RS256"],
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False},
        )  # fmt: skip
    except jwt.InvalidTokenError:
        raise ApiRefusal(401, "A JSON web token could not be decoded") from None
    return app


def _check_times(issued: object, expires: object, now: float) -> None:
    if not isinstance(issued, int | float) or issued > now + ALLOWED_CLOCK_DRIFT:
        raise ApiRefusal(
            401, "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
        )
    if not isinstance(expires, int | float) or expires <= now:
        future = "must be a numeric value representing the future time at which the assertion expires"
        raise ApiRefusal(401, f"'Expiration time' claim ('exp') {future}")
    if expires > now + MAX_JWT_LIFETIME + ALLOWED_CLOCK_DRIFT:
        raise ApiRefusal(401, "'Expiration time' claim ('exp') is too far in the future")


def issue_token(
    world: GitHubWorld,
    installation: FakeInstallation,
    permissions: dict[str, str],
    repositories: frozenset[int] | None,
    *,
    stateless: bool = True,
) -> FakeToken:
    """A token that lives one hour; `stateless` gives it the long form of 2026."""
    expires = float(int(world.now()) + TOKEN_LIFETIME)
    value = _long_token(installation, expires) if stateless else "ghs_" + _random_letters(36)
    token = FakeToken(value, installation.id, expires, permissions, repositories)
    world.tokens[value] = token
    return token


def _of_installation(world: GitHubWorld, value: str) -> AuthenticatedCaller:
    token = world.tokens.get(value)
    if token is None or token.expires <= world.now():
        raise bad_credentials()
    installation = world.installations.get(token.installation)
    if installation is None:
        raise bad_credentials()
    if installation.suspended is not None:
        raise ApiRefusal(403, "This installation has been suspended")
    return AuthenticatedCaller(installation.app, token, installation)


def _long_token(installation: FakeInstallation, expires: float) -> str:
    claims = {"iss": "ghs", "ins": installation.id, "exp": int(expires)}
    head = base64.urlsafe_b64encode(b'{"alg":"ES256","typ":"JWT"}').decode().rstrip("=")
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    start = f"ghs_{installation.app.id}_{head}.{body}."
    return start + _random_letters(TOKEN_LENGTH - len(start))


def _random_letters(count: int) -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(count))
