"""Waits between requests to a registry, so that all processes together respect its rate limit."""

import threading
import time
from collections.abc import Callable
from typing import Protocol

from redis import Redis

from bot.model.core_types import RegistryId
from bot.packages.registry_errors import RegistryBusyError

MAX_WAIT_SECONDS = 30.0  # seconds that one request waits for its turn; whoever waits longer comes again later


class RequestPacing(Protocol):
    """Gives turns: `wait` returns when a registry may be asked, or raises RegistryBusyError when that takes too long."""

    def wait(self, registry: RegistryId, pause: float) -> None:
        """Take a turn; the next one is `pause` seconds later."""


class ProcessPacing:
    """Turns of one process."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._next_turn: dict[RegistryId, float] = {}
        self._lock = threading.Lock()

    def wait(self, registry: RegistryId, pause: float) -> None:
        """Take the next free turn."""
        with self._lock:
            now = self._clock()
            turn = max(now, self._next_turn.get(registry, now))
            if turn - now > MAX_WAIT_SECONDS:
                raise _busy_error(registry, turn - now)
            self._next_turn[registry] = turn + pause
        self._sleep(turn - now)


class RedisPacing:
    """Turns of all processes that share a Redis: a key that lives as long as the pause is a turn that is taken."""

    def __init__(self, redis: Redis, sleep: Callable[[float], None] = time.sleep) -> None:
        self._redis, self._sleep = redis, sleep

    def wait(self, registry: RegistryId, pause: float) -> None:
        """Try until a turn is free."""
        key, waited = f"wharfinger:registry:{registry}:turn", 0.0
        while pause and not self._redis.set(key, 1, nx=True, px=max(1, round(pause * 1000))):
            rest = max(0.01, self._redis.pttl(key) / 1000)
            if (waited := waited + rest) > MAX_WAIT_SECONDS:
                raise _busy_error(registry, rest)
            self._sleep(rest)


def _busy_error(registry: RegistryId, seconds: float) -> RegistryBusyError:
    return RegistryBusyError(registry, "is asked as often as it wants to be already", seconds)
