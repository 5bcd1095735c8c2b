"""Holds that the clock ends when it is told to, also while it waits for Redis."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
from redis import Redis

from tests.conftest import Start, environment

MOST_LOOKS = 4  # at a Redis that does not answer, after the word to stop: one may be under way


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """Listen where Redis should, for somebody to look; it hangs up on whoever comes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.02)
        yield listener


def clock(start: Start, patch: pytest.MonkeyPatch, redis_url: str) -> subprocess.Popen[bytes]:
    for name, value in environment(REDIS_URL=redis_url).items():
        patch.setenv(name, value)
    return start(sys.executable, "-m", "handlers.cli.main", "clock")


def looked(listener: socket.socket, process: subprocess.Popen[bytes]) -> bool:
    """Wait until the process looks for Redis, and hang up; whether it did before it ended."""
    while process.poll() is None:
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            continue
        connection.close()
        return True
    return False


def test_a_clock_that_has_its_redis_ends(
    start: Start, monkeypatch: pytest.MonkeyPatch, redis: Redis, redis_url: str
) -> None:
    process = clock(start, monkeypatch, redis_url)
    while not redis.keys("rq:queue:*"):
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)

    assert process.wait(20) == 0


def test_a_clock_that_waits_for_redis_ends(
    start: Start, monkeypatch: pytest.MonkeyPatch, silent: socket.socket
) -> None:
    process = clock(start, monkeypatch, f"redis://127.0.0.1:{silent.getsockname()[1]}")
    assert looked(silent, process)
    process.send_signal(signal.SIGTERM)
    looks = 0
    while looks < MOST_LOOKS and looked(silent, process):
        looks += 1

    assert looks < MOST_LOOKS
