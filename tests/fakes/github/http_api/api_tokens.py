"""Credentials: an App's own JWT is verified, an installation's token is issued and looked up."""

import base64
import json
import secrets
import string
from dataclasses import dataclass

import jwt

from tests.fakes.github.http_api.exchange import Refusal
from tests.fakes.github.state.apps import App, Installation, Token
from tests.fakes.github.state.github_world import World

HOUR = 3600
LONGEST_JWT = 600  # seconds between now and exp (docs: generating a JWT for a GitHub App)
DRIFT = 60  # seconds of clock difference that are forgiven; the exact figure is not documented
LENGTH = 520  # characters of a token since 2026-04-27


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a request comes from: an App as itself, an installation of it, or nobody."""

    app: App | None = None
    token: Token | None = None
    installation: Installation | None = None


def caller(world: World, header: str | None) -> Caller:
    """Who the Authorization header names; refuses one that names nobody."""
    if header is None:
        return Caller()
    scheme, _, credential = header.partition(" ")
    if scheme.lower() not in ("bearer", "token") or not credential:
        raise bad_credentials()
    if credential.startswith("ghs_"):
        return _of_installation(world, credential)
    if scheme.lower() == "bearer" and credential.count(".") == 2:
        return Caller(app=verified_app(world, credential))
    raise bad_credentials()


def bad_credentials() -> Refusal:
    """A token that is not, or no longer, good."""
    return Refusal(401, "Bad credentials")


def verified_app(world: World, token: str) -> App:
    """The App that signed this JWT."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise Refusal(401, "A JSON web token could not be decoded") from None
    issuer = str(claims.get("iss", ""))
    app = next((each for each in world.apps.values() if issuer in (str(each.id), each.client_id)), None)
    if app is None:
        raise Refusal(404, "Integration not found")
    now = world.clock.for_tokens()
    _check_times(claims.get("iat"), claims.get("exp"), now)
    try:
        jwt.decode(
            token, app.key.public_key(), algorithms=["RS256"],
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False},
        )  # fmt: skip
    except jwt.InvalidTokenError:
        raise Refusal(401, "A JSON web token could not be decoded") from None
    return app


def _check_times(issued: object, expires: object, now: float) -> None:
    if not isinstance(issued, int | float) or issued > now + DRIFT:
        raise Refusal(
            401, "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
        )
    if not isinstance(expires, int | float) or expires <= now:
        future = "must be a numeric value representing the future time at which the assertion expires"
        raise Refusal(401, f"'Expiration time' claim ('exp') {future}")
    if expires > now + LONGEST_JWT + DRIFT:
        raise Refusal(401, "'Expiration time' claim ('exp') is too far in the future")


def issue(
    world: World,
    installation: Installation,
    permissions: dict[str, str],
    repositories: frozenset[int] | None,
    *,
    stateless: bool = True,
) -> Token:
    """A token that lives one hour; `stateless` gives it the long form of 2026."""
    expires = float(int(world.now()) + HOUR)
    value = _long(installation, expires) if stateless else "ghs_" + _letters(36)
    token = Token(value, installation.id, expires, permissions, repositories)
    world.tokens[value] = token
    return token


def _of_installation(world: World, value: str) -> Caller:
    token = world.tokens.get(value)
    if token is None or token.expires <= world.now():
        raise bad_credentials()
    installation = world.installations.get(token.installation)
    if installation is None:
        raise bad_credentials()
    if installation.suspended is not None:
        raise Refusal(403, "This installation has been suspended")
    return Caller(installation.app, token, installation)


def _long(installation: Installation, expires: float) -> str:
    claims = {"iss": "ghs", "ins": installation.id, "exp": int(expires)}
    head = base64.urlsafe_b64encode(b'{"alg":"ES256","typ":"JWT"}').decode().rstrip("=")
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    start = f"ghs_{installation.app.id}_{head}.{body}."
    return start + _letters(LENGTH - len(start))


def _letters(count: int) -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(count))
