"""What the doctor last saw at GitHub, kept in Redis: the set-up page shows it without asking GitHub for each who looks."""

import json
from dataclasses import dataclass
from datetime import datetime

from redis import Redis

from handlers.cache.diagnoses import Diagnosis
from handlers.config.redis_values import frozen, thawed

NAME = "wharfinger:diagnosed"


@dataclass(frozen=True, slots=True)
class Diagnosed:
    """All that was looked at, and when."""

    at: datetime
    found: tuple[Diagnosis, ...]


class DiagnosedBook:
    """The last look."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def put(self, diagnosed: Diagnosed) -> None:
        """Keep a look in place of the one before."""
        self._redis.set(NAME, json.dumps(frozen(diagnosed)))

    def get(self) -> Diagnosed | None:
        """Return the last look; None before the first, or where another version wrote it."""
        text = self._redis.get(NAME)
        try:
            return thawed(Diagnosed, json.loads(text)) if isinstance(text, bytes) else None
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
