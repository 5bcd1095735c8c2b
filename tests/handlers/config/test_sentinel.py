"""A Redis behind Sentinel, for real: a server, a sentinel that watches it, and our two clients that ask where it is."""

import asyncio
import time
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from handlers.config.embedded_redis import find_server
from handlers.config.redis_client import open_async_redis, open_redis
from handlers.queue.enqueue import enqueue, queue_lengths
from handlers.queue.job_specs import SweepInstallations
from tests.conftest import Start


def wait_for(port: int, role: bytes) -> None:
    end = time.monotonic() + 10
    with Redis(port=port) as client:
        while True:
            try:
                if client.execute_command("ROLE")[0] == role:
                    return
            except RedisError:
                pass
            assert time.monotonic() < end, "the server did not start"
            time.sleep(0.02)


@pytest.fixture
def address(free_ports: tuple[int, int], tmp_path: Path, start: Start) -> str:
    """The address of a server named `harbour`, known to one sentinel."""
    port, sentinel_port = free_ports
    start(find_server(None), "--port", str(port), "--requirepass", "pass@word", "--save", "", "--dir", str(tmp_path))
    configuration = tmp_path / "sentinel.conf"
    configuration.write_text(
        f"port {sentinel_port}\nsentinel monitor harbour 127.0.0.1 {port} 1\nsentinel auth-pass harbour pass@word\n"
    )
    start(find_server(None), str(configuration), "--sentinel", "--dir", str(tmp_path))
    wait_for(sentinel_port, b"sentinel")
    return f"redis+sentinel://:pass%40word@127.0.0.1:{sentinel_port}/harbour/2"


def test_both_clients_find_the_server_that_the_sentinel_names(address: str) -> None:
    async def ask() -> int:
        opened = open_async_redis(address, 4)
        length: int = await opened.client.llen("rq:queue:sweep")
        await opened.close()
        return length

    with open_redis(address) as redis:
        enqueue(redis, [SweepInstallations()])
        assert queue_lengths(redis)["sweep"] == 1
        assert redis.client_info()["db"] == 2
    assert asyncio.run(ask()) == 1
