"""What the doctor last saw at GitHub, kept in Redis: the set-up page shows it without asking GitHub for each who looks."""

import json
from dataclasses import dataclass
from datetime import datetime

from redis import Redis

from handlers.cache.diagnoses import Diagnosis
from handlers.config.redis_values import from_json_value, to_json_value

DIAGNOSIS_KEY = "wharfinger:diagnosed"


@dataclass(frozen=True, slots=True)
class StoredDiagnosis:
    """All that was looked at, and when."""

    taken_at: datetime
    diagnoses: tuple[Diagnosis, ...]


class DiagnosisStore:
    """The last look."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def put(self, stored: StoredDiagnosis) -> None:
        """Keep a look in place of the one before."""
        self._redis.set(DIAGNOSIS_KEY, json.dumps(to_json_value(stored)))

    def get(self) -> StoredDiagnosis | None:
        """Return the last look; None before the first, or where another version wrote it."""
        text = self._redis.get(DIAGNOSIS_KEY)
        try:
            return from_json_value(StoredDiagnosis, json.loads(text)) if isinstance(text, bytes) else None
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
