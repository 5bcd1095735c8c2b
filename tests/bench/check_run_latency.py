"""From a delivery to its completed check run on an idle system: how long, how many calls, what a worker weighs."""

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Self

from redis import Redis

from tests.app.acme import RELEASE_WORKFLOW_PATH, STORED_TOKEN, AcmeInstallation, acme_on, policy
from tests.bench.processes import answers, free_port, megabytes, running
from tests.conftest import WEBHOOK_SECRET, EmbeddedRedis, environment
from tests.fakes.github.http_api.fake_server import FakeGitHubServer
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository

TIMES = 30
IDLE = 0.3  # seconds between two pushes: the system is idle


class Stopwatch:
    """Adds up the time that the stand-in itself takes over its answers."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._answer = FakeGitHubServer.__call__

    def __enter__(self) -> Self:
        async def timed(server: FakeGitHubServer, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
            begin = time.perf_counter()
            await self._answer(server, scope, receive, send)
            self.seconds += time.perf_counter() - begin

        FakeGitHubServer.__call__ = timed  # type: ignore[method-assign, assignment]  # only to look at the clock
        return self

    def __exit__(self, *_: object) -> None:
        FakeGitHubServer.__call__ = self._answer  # type: ignore[method-assign]  # as it was


def completed(repository: ScenarioRepository, sha: str) -> bool:
    return any(run.status == "completed" for run in repository.check_runs(sha, "publishing"))


def one(
    acme: AcmeInstallation, repository: ScenarioRepository, watch: Stopwatch, number: int
) -> tuple[float, float, int]:
    """Push something that has to be judged; return the seconds, the stand-in's own among them, and the calls."""
    time.sleep(IDLE)
    watch.seconds, calls = 0.0, len(acme.github.calls)
    begin = time.perf_counter()
    sha = repository.push({RELEASE_WORKFLOW_PATH: f"{STORED_TOKEN}# {number}\n"})
    pushed = time.perf_counter() - begin
    while not completed(repository, sha):
        assert time.perf_counter() - begin < 30
        time.sleep(0.001)
    return time.perf_counter() - begin, watch.seconds + pushed, len(acme.github.calls) - calls


def figures() -> Iterator[dict[str, Any]]:
    yield from measured("every rule", "")
    yield from measured("the three rules that read files and environments", policy())


def measured(rules: str, text: str) -> Iterator[dict[str, Any]]:
    """Measure with these rules in force."""
    with TemporaryDirectory(prefix="wf") as folder:
        server = EmbeddedRedis(Path(folder))
        with Stopwatch() as watch, Redis.from_url(server.url) as redis, acme_on(redis, policy=text) as acme:
            port = free_port()
            acme.github.app.webhook_secret = WEBHOOK_SECRET
            environ = environment(
                REDIS_URL=server.url, WHARFINGER_PORT=str(port), WHARFINGER_DATA=str(acme.data),
                WHARFINGER_APP_ID=str(acme.github.app.id), WHARFINGER_PRIVATE_KEY=acme.github.private_key,
                WHARFINGER_GITHUB_API=acme.github.base_url,
            )  # fmt: skip
            widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
            acme.add_environment(widgets, "pypi")
            with (
                running("handlers.cli.main", "web", environ=environ),
                running("handlers.cli.main", "worker", environ=environ) as worker,
            ):
                answers(f"http://127.0.0.1:{port}/ready")
                while not redis.scard("rq:workers"):
                    time.sleep(0.05)
                acme.github.deliver_to(f"http://127.0.0.1:{port}/webhook")
                one(acme, widgets, watch, -1)  # the first loads what is loaded once, and has no token yet
                runs = [one(acme, widgets, watch, number) for number in range(TIMES)]
                weight = megabytes(worker)
        server.kill()
    beyond = sorted(total - own for total, own, _ in runs)
    yield {
        "figure": "delivery to completed check run in ms, beyond the stand-in's own time",
        "value": round(median(beyond) * 1000, 1), "aim": "<= 150",
        "p90": round(beyond[len(beyond) * 9 // 10] * 1000, 1),
        "compared": {"to": "the whole way", "ms": round(median(total for total, _, _ in runs) * 1000, 1)},
        "times": TIMES, "rules": rules,
    }  # fmt: skip
    yield {
        "figure": "calls to GitHub per check run, with a cached token", "value": median(calls for _, _, calls in runs),
        "aim": "<= 4", "most": max(calls for _, _, calls in runs), "rules": rules,
    }  # fmt: skip
    yield {"figure": "memory of a worker in MB, after its work", "value": weight, "aim": "<= 120", "rules": rules}
