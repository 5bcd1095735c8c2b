"""Authenticates as the GitHub App, and caches encrypted installation tokens in Redis."""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from redis import Redis

from bot.github.github_errors import CredentialsError
from bot.github.transport import GitHubServer
from bot.model.core_types import InstallationId

# GitHub refuses a token that was issued in its future or that lives longer than ten minutes; both are counted by its
# clock, so we issue a minute back. https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
ISSUED_EARLIER_BY = timedelta(minutes=1)
JWT_LIFETIME = timedelta(minutes=9)


@dataclass(frozen=True, slots=True)
class AppKey:
    """The App's number, and what signs with its private key: the key itself (`read_app_key`), or a command that reaches it elsewhere."""

    app_id: int
    fingerprint: str  # of the key or the command: keeps the tokens of an old key apart from those of a new one
    _sign: Callable[[bytes], bytes] = field(repr=False)  # RSASSA-PKCS1-v1_5 with SHA-256; raises CredentialsError

    def create_jwt(self, now: datetime) -> str:
        """Return a JSON web token that is good for about nine minutes from `now`, which is GitHub's idea of now."""
        issued = int((now - ISSUED_EARLIER_BY).timestamp())
        claims = {"iss": str(self.app_id), "iat": issued, "exp": issued + int(JWT_LIFETIME.total_seconds())}
        signed = b".".join(_base64url(json.dumps(part).encode()) for part in ({"alg": "RS256", "typ": "JWT"}, claims))
        return b".".join([signed, _base64url(self._sign(signed))]).decode()


def _base64url(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def read_app_key(app_id: int, pem: str) -> AppKey:
    """Read the App's private key from its PEM text; raise CredentialsError.

    Its numbers are not tested for being primes, which takes longer than a request: handlers/config/settings.py has done that.
    """
    try:
        private = load_pem_private_key(pem.encode(), password=None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError):
        private = None
    if not isinstance(private, RSAPrivateKey):
        raise CredentialsError("the App's private key is not an RSA key in PEM; make one on the App's settings page")
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign(content: bytes) -> bytes:
        return private.sign(content, PKCS1v15(), SHA256())

    return AppKey(app_id, hashlib.sha256(public).hexdigest()[:16], sign)


def utc_now() -> datetime:
    """Return the present moment; the client has to know it for the life of its tokens."""
    return datetime.now(UTC)


RENEW_BEFORE_EXPIRY = timedelta(minutes=5)  # before its end, so that no job finds its token dead halfway


@dataclass(frozen=True, slots=True)
class InstallationToken:
    """One installation's token. It is opaque: GitHub changes its form and its length."""

    value: str = field(repr=False)
    expires_at: datetime


class TokenCache:
    """Keeps tokens under host, App and key, so that two Apps or an old key never meet in one Redis."""

    def __init__(
        self, redis: Redis, server: GitHubServer, app_id: int, fingerprint: str, keys: tuple[str, ...]
    ) -> None:
        self._redis = redis
        self._fernet = MultiFernet([Fernet(key) for key in keys])  # the first encrypts, all decrypt
        self._prefix = server.redis_key("token", app_id, fingerprint)

    def get(self, installation: InstallationId, *, read_only: bool = False) -> InstallationToken | None:
        """Return the token, or the narrow one that may only read files, unless it is missing, about to end, or encrypted with a key that was retired."""
        sealed = self._redis.get(self._redis_key(installation, read_only=read_only))
        if not isinstance(sealed, bytes | str):
            return None
        try:
            record = json.loads(self._fernet.decrypt(sealed))
            token = InstallationToken(record["token"], datetime.fromisoformat(record["expires"]))
        except (InvalidToken, ValueError, KeyError, TypeError):
            return None
        return token if token.expires_at - utc_now() > RENEW_BEFORE_EXPIRY else None

    def put(self, installation: InstallationId, token: InstallationToken, *, read_only: bool = False) -> None:
        """Keep a token until shortly before its end."""
        seconds = int((token.expires_at - utc_now() - RENEW_BEFORE_EXPIRY).total_seconds())
        if seconds > 0:
            record = json.dumps({"token": token.value, "expires": token.expires_at.isoformat()})
            self._redis.set(
                self._redis_key(installation, read_only=read_only), self._fernet.encrypt(record.encode()), ex=seconds
            )

    def drop(self, installation: InstallationId) -> None:
        """Forget the tokens of an installation: GitHub no longer accepts one of them."""
        self._redis.delete(*(self._redis_key(installation, read_only=narrow) for narrow in (False, True)))

    def _redis_key(self, installation: InstallationId, *, read_only: bool) -> str:
        return f"{self._prefix}:{installation}:read" if read_only else f"{self._prefix}:{installation}"
