"""How many jobs a worker takes, runs and finishes in a second, and how soon an idle one begins."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from redis import Redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from handlers.config.context import Context, open_context
from handlers.config.settings import Settings
from handlers.queue.enqueue import enqueue
from handlers.queue.job_spec import JobSpec, Priority
from handlers.records.schema.migrate import open_records
from handlers.worker.loop import Worker, WorkerTiming
from tests.conftest import EmbeddedRedis, environment

PIECES = 600


@dataclass(frozen=True, slots=True)
class Nothing(JobSpec):
    job = "nothing"
    priority = Priority.CHECK
    concurrency = "repository-{number}"

    number: int


def nothing(*_: object) -> None:
    """The job that measures everything else."""


def ours(redis: Redis, context: Context) -> float:
    enqueue(redis, [Nothing(number) for number in range(PIECES)])
    worker = Worker(redis, {Nothing: nothing}, context, WorkerTiming())
    begin = time.perf_counter()
    worker.work(burst=True)
    return PIECES / (time.perf_counter() - begin)


def theirs(redis: Redis) -> float:
    queue = Queue("plain", connection=redis, serializer=JSONSerializer)
    for number in range(PIECES):
        queue.enqueue("tests.bench.worker_throughput.nothing", number, result_ttl=0)
    worker = SimpleWorker([queue], connection=redis, serializer=JSONSerializer)
    begin = time.perf_counter()
    worker.work(burst=True, logging_level="CRITICAL")
    return PIECES / (time.perf_counter() - begin)


def figures() -> Iterator[dict[str, Any]]:
    with TemporaryDirectory(prefix="wf") as folder:
        server = EmbeddedRedis(Path(folder))
        with Redis.from_url(server.url) as redis:
            settings = Settings.from_environment(environment(REDIS_URL=server.url, WHARFINGER_DATA=folder))
            context = open_context(settings, redis, open_records(settings))
            rounds = [(ours(redis, context), theirs(redis)) for _ in range(3)]
            context.github.close()
        server.kill()
    yield {
        "figure": "jobs per second and worker, that do nothing",
        "value": round(median(each[0] for each in rounds)),
        "compared": {
            "to": "RQ's own SimpleWorker on one queue, without leases and concurrency keys",
            "per_second": round(median(each[1] for each in rounds)),
        },
        "pieces": PIECES, "median_of": 3,
    }  # fmt: skip
