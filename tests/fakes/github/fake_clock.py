"""The stand-in's clock: it runs as the world's does, and can be moved ahead so that an hour passes in no time."""

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass
class Clock:
    """`now` is what GitHub believes. JWTs are held against `for_tokens`, since their maker's clock does not jump with ours."""

    skew: float = 0.0  # seconds by which an App's clock is behind GitHub's
    stands_at: float | None = (
        None  # a replay's time: it passes only when it is told to, so no machine is too slow for it
    )
    _ahead: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def now(self) -> float:
        """Seconds since 1970."""
        return (time.time() if self.stands_at is None else self.stands_at) + self._ahead

    def moment(self) -> datetime:
        """The same, as a moment in UTC: what a job's clock gives."""
        return datetime.fromtimestamp(self.now(), UTC)

    def for_tokens(self) -> float:
        """The moment at which an App's JWT is judged."""
        return time.time() + self.skew

    def on_the_wall(self) -> float:
        """What answers say in their `Date`: where an App can see that its own clock is off."""
        return self.now() + self.skew

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Let that much time pass."""
        with self._lock:
            self._ahead += ((days * 24 + hours) * 60 + minutes) * 60 + seconds
