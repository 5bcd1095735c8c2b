"""Waiting for Redis: said once, and not at each look."""

import threading
import time

import pytest
from redis import Redis

from handlers.config.redis_client import wait_for_redis
from tests.conftest import EmbeddedRedis


def test_that_redis_is_away_is_said_once_and_it_is_waited_for(
    own_redis: EmbeddedRedis, caplog: pytest.LogCaptureFixture
) -> None:
    own_redis.kill()
    with Redis.from_url(own_redis.url) as client:
        waiting = threading.Thread(target=wait_for_redis, args=(client, own_redis.url))
        waiting.start()
        time.sleep(0.5)  # several looks
        own_redis.start()
        waiting.join(30)

        assert not waiting.is_alive()
        assert client.ping()
    assert [record.getMessage() for record in caplog.records if record.name == "wharfinger.redis"] == [
        f"waiting for Redis at {own_redis.url} (ConnectionError); start it, or set REDIS_URL right"
    ]
