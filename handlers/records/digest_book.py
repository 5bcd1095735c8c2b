"""What each organization's last digest said, kept in Redis: the next one is told against it, and pages draw its trend."""

import json
import zlib
from datetime import datetime, timedelta

from redis import Redis

from bot.model.core_types import InstallationId
from bot.rendering.reports_digest import DigestFacts, DigestState
from handlers.config.redis_values import from_json_value, to_json_value
from handlers.records.coverage import NOT_SWEPT_YET

FIRST_DIGEST_DELAY = timedelta(days=1)  # that the first digest waits for the first sweep, at most


class DigestStore:
    """What an installation's last digest said."""

    def __init__(self, redis: Redis, installation: InstallationId) -> None:
        self._redis = redis
        self._name = f"wharfinger:digest:{installation}"

    def get(self) -> DigestState | None:
        """Return what the last digest said; None before the first."""
        packed = self._redis.get(self._name)
        try:
            return (
                from_json_value(DigestState, json.loads(zlib.decompress(packed))) if isinstance(packed, bytes) else None
            )
        except (zlib.error, ValueError, KeyError, TypeError, AttributeError):
            return None

    def put(self, previous: DigestState) -> None:
        """Keep what a digest said."""
        self._redis.set(self._name, zlib.compress(json.dumps(to_json_value(previous)).encode()))

    def first_digest_may_wait(self, facts: DigestFacts, now: datetime) -> bool:
        """Whether the first digest still waits for the first sweep to come round."""
        self._redis.set(f"{self._name}:asked", now.isoformat(), nx=True)
        asked = self._redis.get(f"{self._name}:asked")
        since = datetime.fromisoformat(asked.decode()) if isinstance(asked, bytes) else now
        return now - since < FIRST_DIGEST_DELAY and any(why == NOT_SWEPT_YET for _, why in facts.not_evaluated)

    def forget(self) -> None:
        """Forget an installation that is gone."""
        self._redis.delete(self._name, f"{self._name}:asked")
