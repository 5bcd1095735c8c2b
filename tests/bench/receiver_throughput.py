"""How many deliveries a second the receiver takes, and how long each waits; and what web and Redis weigh then."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from redis import Redis

from tests.bench.processes import answers, cpu_seconds, free_port, megabytes, running
from tests.conftest import EmbeddedRedis, environment

CONNECTIONS, SECONDS, ROUNDS = 32, 4, 3
GENERATOR = "tests.bench.webhook_load (Python, uvloop) on the same cores"


def load(port: int, server: "subprocess.Popen[bytes]") -> dict[str, float]:
    """Send deliveries for some seconds; the answer also has how many a second of the server's processor time took."""
    before = cpu_seconds(server)
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "tests.bench.webhook_load", f"http://127.0.0.1:{port}", str(CONNECTIONS), str(SECONDS)],
        check=True, stdout=subprocess.PIPE,
    )  # fmt: skip
    answer: dict[str, float] = json.loads(done.stdout)
    return answer | {"per_cpu_second": round(answer["answered"] / (cpu_seconds(server) - before))}


def middle(rounds: list[dict[str, float]], figure: str) -> float:
    return median(each[figure] for each in rounds)


def figures() -> Iterator[dict[str, Any]]:
    """The receivers in turn, so that whatever else the machine does strikes all."""
    with TemporaryDirectory(prefix="wf") as folder:
        redis, other_redis = EmbeddedRedis(Path(folder) / "ours"), EmbeddedRedis(Path(folder) / "theirs")
        with Redis.from_url(other_redis.url) as client:
            client.config_set("maxmemory-policy", "allkeys-lru")  # the bodies of a few seconds fill it
        ours, bare, storing = free_port(), free_port(), free_port()
        environ = environment(
            REDIS_URL=redis.url, WHARFINGER_PORT=str(ours), WHARFINGER_DATA=folder, WHARFINGER_QUEUE_LIMIT="1000000"
        )
        with (
            running("handlers.cli.main", "web", environ=environ) as web,
            running("tests.bench.bare_receiver", str(bare)) as keeps_nothing,
            running("tests.bench.bare_receiver", str(storing), other_redis.url) as stores,
        ):
            answers(f"http://127.0.0.1:{ours}/ready")
            answers(f"http://127.0.0.1:{bare}/")
            answers(f"http://127.0.0.1:{storing}/")
            idle = megabytes(web)
            rounds = [(load(ours, web), load(bare, keeps_nothing), load(storing, stores)) for _ in range(ROUNDS)]
            busy = megabytes(web)
        redis.kill()
        other_redis.kill()
    mine, theirs, kept = ([each[place] for each in rounds] for place in range(3))
    compared = {
        "to": "the same server with an endpoint that only checks the signature",
        "per_second": middle(theirs, "per_second"),
        "p99_ms": middle(theirs, "p99_ms"),
    }
    conditions = {"connections": CONNECTIONS, "body": "12 KB push", "generator": GENERATOR, "median_of": ROUNDS}
    not_2xx = sum(each["not_2xx"] for each in mine)
    ours_per_cpu = middle(mine, "per_cpu_second")
    for name, others, aim in (("keeps nothing", theirs, ">= 0.6"), ("stores the body in Redis", kept, ">= 1.2")):
        yield {
            "figure": f"deliveries per second of the server's processor time, times those of an endpoint that {name}",
            "value": round(ours_per_cpu / middle(others, "per_cpu_second"), 2), "aim": aim, "ours": ours_per_cpu,
            "compared": {"to": f"the same server with an endpoint that {name}", "per_cpu_second": middle(others, "per_cpu_second")},
        }  # fmt: skip
    yield {
        "figure": "deliveries per second", "value": middle(mine, "per_second"), "aim": ">= 1500",
        "compared": compared, "not_2xx": not_2xx, **conditions,
    }  # fmt: skip
    yield {
        "figure": "delivery p99 in ms", "value": middle(mine, "p99_ms"), "aim": "<= 30",
        "p50": middle(mine, "p50_ms"), "compared": compared, **conditions,
    }  # fmt: skip
    yield {"figure": "memory of web in MB, idle", "value": idle, "aim": "<= 120"}
    yield {"figure": "memory of web in MB, after the load", "value": busy, "aim": "<= 120", "compared": {"idle": idle}}
