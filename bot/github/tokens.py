"""Installation tokens, shared by all processes through Redis and encrypted at rest."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from redis import Redis

from bot.github.auth import utc_now
from bot.github.transport import GitHubServer
from bot.model.core_types import InstallationId

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
