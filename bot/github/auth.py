"""The App's private key: what it signs to say "I am this App"."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from bot.github.github_errors import CredentialsError

# GitHub refuses a token that was issued in its future or that lives longer than ten minutes; both are counted by its
# clock, so we issue a minute back. https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
ISSUED_EARLIER_BY = timedelta(minutes=1)
JWT_LIFETIME = timedelta(minutes=9)


@dataclass(frozen=True, slots=True)
class AppKey:
    """The App's number and its private key; made by `read_app_key`."""

    app_id: int
    fingerprint: str  # of the public half: keeps the tokens of an old key apart from those of a new one
    _private_key: RSAPrivateKey = field(repr=False)

    def create_jwt(self, now: datetime) -> str:
        """Return a JSON web token that is good for about nine minutes from `now`, which is GitHub's idea of now."""
        claims = {
            "iss": str(self.app_id),
            "iat": now - ISSUED_EARLIER_BY,
            "exp": now - ISSUED_EARLIER_BY + JWT_LIFETIME,
        }
        return jwt.encode(claims, self._private_key, algorithm="RS256")


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
    return AppKey(app_id, hashlib.sha256(public).hexdigest()[:16], private)


def utc_now() -> datetime:
    """Return the present moment; the telephone has to know it for the life of its tokens."""
    return datetime.now(UTC)
