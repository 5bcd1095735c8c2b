"""From a version that came past GitHub to the issue that tells of it, on an idle system: look, reads, verdict, issue. Polling is not in it."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from redis import Redis

from handlers.queue.enqueue import enqueue
from handlers.records.watch_store import WatchStore
from tests.app.acme import TOKEN_KEY
from tests.bench.processes import running
from tests.conftest import EmbeddedRedis, environment
from tests.handlers.jobs.packages.watched_package import WatchedPackageScenario, watched_package_scenario

TIMES = 10
AIM = 5.0  # seconds, the median


def figures() -> Iterator[dict[str, Any]]:
    with TemporaryDirectory(prefix="wf") as folder:
        server = EmbeddedRedis(Path(folder))
        with (
            Redis.from_url(server.url) as redis,
            watched_package_scenario(redis, packages=tuple(map(_name, range(TIMES + 1)))) as story,
        ):
            for number in range(TIMES + 1):
                _begin(story, _name(number))
            story.check_repository()
            addresses = ",".join(f"{registry}={address}" for registry, address in story.registries.addresses.items())
            environ = environment(
                REDIS_URL=server.url,
                WHARFINGER_APP_ID=str(story.acme.github.app.id),
                WHARFINGER_PRIVATE_KEY=story.acme.github.private_key,
                WHARFINGER_GITHUB_API=story.acme.github.base_url,
                WHARFINGER_TOKEN_KEYS=TOKEN_KEY,
                WHARFINGER_REGISTRY_ADDRESSES=addresses,
                WHARFINGER_DATA=str(story.acme.data),
            )
            with running("handlers.cli.main", "worker", environ=environ):
                while not redis.scard("rq:workers") or redis.keys("rq:job:*"):
                    time.sleep(0.05)
                seconds = [_stolen(story, redis, _name(number)) for number in range(TIMES + 1)]
        server.kill()
    yield {
        "figure": "new version seen → alert", "unit": "s", "median": round(median(seconds[1:]), 3),
        "worst": round(max(seconds[1:]), 3), "aim": f"<= {AIM:.0f}",
    }  # fmt: skip


def _name(number: int) -> str:
    return f"widgets-{number}"


def _begin(story: WatchedPackageScenario, name: str) -> None:
    """Let a package have a history with provenance."""
    run = story.widgets.start_run(".github/workflows/release.yml", by="alice")
    before = datetime.now(UTC) - timedelta(days=1)
    told = {"workload": story.workload(run), "provenance": story.provenance_of(run), "published": before}
    story.registries.world.publish("pypi", name, "1.0.0", **told)  # type: ignore[arg-type]  # as a story names them


def _stolen(story: WatchedPackageScenario, redis: Redis, name: str) -> float:
    watch = next(each for each in WatchStore(story.acme.records).all() if each.package.name == name)
    story.registries.world.publish("pypi", name, "1.0.1", by="mallory", published=datetime.now(UTC))
    begin = time.perf_counter()
    enqueue(redis, [watch.job])
    while not any(f" of {name} on" in str(issue.title) for issue in story.alert_issues):
        assert time.perf_counter() - begin < 60, "no alert was raised"
        time.sleep(0.002)
    taken = time.perf_counter() - begin
    while redis.keys("rq:job:*"):
        time.sleep(0.05)
    return taken
