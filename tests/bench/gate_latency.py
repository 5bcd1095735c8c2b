"""From a waiting job to the gate's decision, on an idle system: delivery, queue, reads, verdict, review."""

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from redis import Redis

from tests.bench.processes import answers, free_port, running
from tests.conftest import WEBHOOK_SECRET, EmbeddedRedis, environment
from tests.handlers.jobs.gate.gate_scenario import deployment_waiting, gate_scenario

TIMES = 20
AIM = 2.0  # seconds, the median


def figures() -> Iterator[dict[str, Any]]:
    with TemporaryDirectory(prefix="wf") as folder:
        server = EmbeddedRedis(Path(folder))
        with (
            Redis.from_url(server.url) as redis,
            gate_scenario(redis, gate="{independent-approval: off}") as (acme, widgets),
        ):
            port = free_port()
            acme.github.app.webhook_secret = WEBHOOK_SECRET
            environ = environment(
                REDIS_URL=server.url, WHARFINGER_PORT=str(port), WHARFINGER_DATA=str(acme.data),
                WHARFINGER_APP_ID=str(acme.github.app.id), WHARFINGER_PRIVATE_KEY=acme.github.private_key,
                WHARFINGER_GITHUB_API=acme.github.base_url,
            )  # fmt: skip
            acme.check(widgets)
            with (
                running("handlers.cli.main", "web", environ=environ),
                running("handlers.cli.main", "worker", environ=environ),
            ):
                answers(f"http://127.0.0.1:{port}/ready")
                while not redis.scard("rq:workers"):
                    time.sleep(0.05)
                acme.github.deliver_to(f"http://127.0.0.1:{port}/webhook")
                seconds, calls = [], []
                for number in range(TIMES + 1):
                    before, begin = len(acme.github.calls), time.perf_counter()
                    release = deployment_waiting(acme, widgets, ref=f"v{number}", checked=False)
                    while release.verdict is None:
                        assert time.perf_counter() - begin < 60, "the gate did not decide"
                        time.sleep(0.001)
                    seconds.append(time.perf_counter() - begin)
                    acme.github.wait_for_deliveries()
                    time.sleep(0.3)  # the system is idle
                    calls.append(len(acme.github.calls) - before)
        server.kill()
    yield {
        "figure": "a job waits at the gate → decision", "unit": "s", "median": round(median(seconds[1:]), 3),
        "worst": round(max(seconds[1:]), 3), "aim": AIM, "calls with the tag's own check": median(calls[1:]),
    }  # fmt: skip
