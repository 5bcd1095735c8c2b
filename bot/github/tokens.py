"""Installation tokens, shared by all processes through Redis and encrypted at rest."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from redis import Redis

from bot.github.auth import utc_now
from bot.github.transport import Server
from bot.model.core_types import InstallationId

RENEW = timedelta(minutes=5)  # before its end, so that no job finds its token dead halfway


@dataclass(frozen=True, slots=True)
class Token:
    """One installation's token. It is opaque: GitHub changes its form and its length."""

    text: str = field(repr=False)
    expires: datetime


class TokenStore:
    """Keeps tokens under host, App and key, so that two Apps or an old key never meet in one Redis."""

    def __init__(self, redis: Redis, server: Server, app_id: int, fingerprint: str, keys: tuple[str, ...]) -> None:
        self._redis = redis
        self._fernet = MultiFernet([Fernet(key) for key in keys])  # the first encrypts, all decrypt
        self._prefix = server.key("token", app_id, fingerprint)

    def get(self, installation: InstallationId, *, narrow: bool = False) -> Token | None:
        """Return the token, or the narrow one that may only read files, unless it is missing, about to end, or encrypted with a key that was retired."""
        sealed = self._redis.get(self._name(installation, narrow=narrow))
        if not isinstance(sealed, bytes | str):
            return None
        try:
            record = json.loads(self._fernet.decrypt(sealed))
            token = Token(record["token"], datetime.fromisoformat(record["expires"]))
        except (InvalidToken, ValueError, KeyError, TypeError):
            return None
        return token if token.expires - utc_now() > RENEW else None

    def put(self, installation: InstallationId, token: Token, *, narrow: bool = False) -> None:
        """Keep a token until shortly before its end."""
        seconds = int((token.expires - utc_now() - RENEW).total_seconds())
        if seconds > 0:
            record = json.dumps({"token": token.text, "expires": token.expires.isoformat()})
            self._redis.set(self._name(installation, narrow=narrow), self._fernet.encrypt(record.encode()), ex=seconds)

    def drop(self, installation: InstallationId) -> None:
        """Forget the tokens of an installation: GitHub no longer accepts one of them."""
        self._redis.delete(*(self._name(installation, narrow=narrow) for narrow in (False, True)))

    def _name(self, installation: InstallationId, *, narrow: bool) -> str:
        return f"{self._prefix}:{installation}:read" if narrow else f"{self._prefix}:{installation}"
