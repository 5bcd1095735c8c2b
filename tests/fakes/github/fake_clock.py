"""The stand-in's clock: it runs as the world's does, and can be moved ahead so that an hour passes in no time."""

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass
class FakeClock:
    """`now` is what GitHub believes. JWTs are held against `for_tokens`, since their maker's clock does not jump with ours."""

    skew: float = 0.0  # seconds by which an App's clock is behind GitHub's
    frozen_at: float | None = (
        None  # a replay's time: it passes only when it is told to, so no machine is too slow for it
    )
    _advanced: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def now(self) -> float:
        """Seconds since 1970."""
        return (time.time() if self.frozen_at is None else self.frozen_at) + self._advanced

    def utc_now(self) -> datetime:
        """The same, as a moment in UTC: what a job's clock gives."""
        return datetime.fromtimestamp(self.now(), UTC)

    def token_time(self) -> float:
        """The moment at which an App's JWT is judged."""
        return time.time() + self.skew

    def date_header_time(self) -> float:
        """What answers say in their `Date`: where an App can see that its own clock is off."""
        return self.now() + self.skew

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Let that much time pass."""
        with self._lock:
            self._advanced += ((days * 24 + hours) * 60 + minutes) * 60 + seconds
