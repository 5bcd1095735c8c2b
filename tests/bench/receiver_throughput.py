"""How many deliveries a second the receiver takes, and how long each waits; and what web and Redis weigh then."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench.processes import answers, free_port, megabytes, running
from tests.conftest import EmbeddedRedis, environment

CONNECTIONS, SECONDS, ROUNDS = 32, 4, 3
GENERATOR = "tests.bench.webhook_load (Python, uvloop) on the same cores"


def load(port: int) -> dict[str, float]:
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "tests.bench.webhook_load", f"http://127.0.0.1:{port}", str(CONNECTIONS), str(SECONDS)],
        check=True, stdout=subprocess.PIPE,
    )  # fmt: skip
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def middle(rounds: list[dict[str, float]], figure: str) -> float:
    return median(each[figure] for each in rounds)


def figures() -> Iterator[dict[str, Any]]:
    """Both receivers in turn, so that whatever else the machine does strikes both."""
    with TemporaryDirectory(prefix="wf") as folder:
        redis = EmbeddedRedis(Path(folder))
        ours, bare = free_port(), free_port()
        environ = environment(
            REDIS_URL=redis.url, WHARFINGER_PORT=str(ours), WHARFINGER_DATA=folder, WHARFINGER_QUEUE_LIMIT="1000000"
        )
        with (
            running("handlers.cli.main", "web", environ=environ) as web,
            running("tests.bench.bare_receiver", str(bare)),
        ):
            answers(f"http://127.0.0.1:{ours}/ready")
            answers(f"http://127.0.0.1:{bare}/")
            idle = megabytes(web)
            rounds = [(load(ours), load(bare)) for _ in range(ROUNDS)]
            busy = megabytes(web)
        redis.kill()
    mine, theirs = [each[0] for each in rounds], [each[1] for each in rounds]
    compared = {
        "to": "the same server with an endpoint that only checks the signature",
        "per_second": middle(theirs, "per_second"),
        "p99_ms": middle(theirs, "p99_ms"),
    }
    conditions = {"connections": CONNECTIONS, "body": "12 KB push", "generator": GENERATOR, "median_of": ROUNDS}
    not_2xx = sum(each["not_2xx"] for each in mine)
    yield {
        "figure": "deliveries per second", "value": middle(mine, "per_second"), "aim": ">= 1500",
        "compared": compared, "not_2xx": not_2xx, **conditions,
    }  # fmt: skip
    yield {
        "figure": "delivery p99 in ms", "value": middle(mine, "p99_ms"), "aim": "<= 50",
        "p50": middle(mine, "p50_ms"), "compared": compared, **conditions,
    }  # fmt: skip
    yield {"figure": "memory of web in MB, idle", "value": idle, "aim": "<= 120"}
    yield {"figure": "memory of web in MB, after the load", "value": busy, "aim": "<= 120", "compared": {"idle": idle}}
