"""The whole way with real parts: GitHub's signed delivery, receiver, Redis, worker, GitHub; and kills on the way."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from redis import Redis

from handlers.cli.failed_jobs import list_failed_jobs
from handlers.queue.enqueue import enqueue
from handlers.queue.job_spec import Priority
from handlers.queue.job_specs import CheckCommit
from tests.app.acme import RELEASE_WORKFLOW_PATH, STORED_TOKEN, TOKEN_KEY, AcmeInstallation, acme_on, policy
from tests.app.app_worker import WorkerStarter
from tests.conftest import WEBHOOK_SECRET, environment
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.fakes.github.state.checks import FakeCheckRun
from tests.handlers.jobs.test_check_run_faults import publishing
from tests.handlers.worker.small_worker import kill_all_forks

STEPS, NOTES = 70, 71  # two pages of annotations


@contextmanager
def processes(acme: AcmeInstallation, redis_url: str, port: int, data: Path) -> Iterator[None]:
    """The App as an administrator starts it: `wharfinger web` and `wharfinger worker`."""
    environ = os.environ | environment(
        REDIS_URL=redis_url,
        WHARFINGER_APP_ID=str(acme.github.app.id),
        WHARFINGER_PRIVATE_KEY=acme.github.private_key,
        WHARFINGER_GITHUB_API=acme.github.base_url,
        WHARFINGER_PORT=str(port),
        WHARFINGER_DATA=str(data),
    )
    started = [
        subprocess.Popen([sys.executable, "-m", "handlers.cli.main", part], env=environ)  # noqa: S603 - our own commands
        for part in ("web", "worker")
    ]
    try:
        wait_for(lambda: ready(port))
        yield
    finally:
        for process in started:
            process.terminate()
        try:
            web, worker = (process.wait(60) for process in started)
        finally:
            for process in started:
                process.kill()
    assert (web, worker) == (-signal.SIGTERM, 0)  # uvicorn ends as the signal asks, once all is answered


def ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/ready").status_code == 200
    except httpx.TransportError:
        return False


def wait_for(condition: object, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]  # a function without arguments
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def completed(repository: ScenarioRepository, sha: str) -> list[FakeCheckRun]:
    return [run for run in repository.check_runs(sha, "publishing") if run.status == "completed"]


def test_from_a_signed_delivery_to_a_check_run(redis_url: str, redis: Redis, free_port: int, tmp_path: Path) -> None:
    with acme_on(redis, policy=policy()) as acme:
        acme.github.app.webhook_secret = WEBHOOK_SECRET
        widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
        acme.add_environment(widgets, "pypi")
        with processes(acme, redis_url, free_port, tmp_path):
            acme.github.deliver_to(f"http://127.0.0.1:{free_port}/webhook")
            sha = widgets.push({"README.md": "news"})
            wait_for(lambda: completed(widgets, sha))
            (run,) = completed(widgets, sha)
            assert (run.conclusion, run.title) == ("neutral", "1 of 3 rules failed: trusted-publishing")
            assert [(note["path"], note["start_line"]) for note in run.annotations] == [(RELEASE_WORKFLOW_PATH, 7)]

            pull = widgets.pull_request(
                {RELEASE_WORKFLOW_PATH: STORED_TOKEN + "# new\n"}, fork=widgets.fork("mallory"), by="mallory"
            )
            assert pull.pull is not None
            head = pull.pull.head_sha
            wait_for(lambda: completed(widgets, head))

            writes = run.write_count
            widgets.rerequest(run)
            wait_for(lambda: not run.suite.rerequested)
            widgets.press_action_button(run, "recheck")
            acme.github.wait_for_deliveries()
            wait_for(lambda: not redis.keys("rq:job:*"))
            assert run.write_count == writes + 1
        sent = [each for each in acme.github.deliveries if each.headers]
        assert {each.status_code for each in sent} == {202}


def work_it_off(redis: Redis, employer: WorkerStarter) -> None:
    """Let a worker that is not killed do the rest; what is due later is due now. Kills leave no failed job."""
    end = time.monotonic() + 60
    survivor = employer.worker()
    while redis.keys("rq:job:*"):
        assert time.monotonic() < end, "work is left"
        survivor.work(burst=True)
        assert list_failed_jobs(redis) == []
        for queue in Priority:
            redis.zunionstore(f"rq:scheduled:{queue}", {f"rq:scheduled:{queue}": 0})
        time.sleep(0.1)
    survivor.context.github.close()


def kill_and_recover(redis_url: str, redis: Redis, commands: list[int], delays: list[float]) -> None:
    """Kill workers between two commands, and at moments of their own; in the end each commit has one completed run."""
    with acme_on(redis, enterprise=True, policy=policy()) as acme:  # such a server has no rate limits
        app = acme.github.app.id
        employer = WorkerStarter(
            redis_url, acme.github.base_url, app, acme.github.private_key, TOKEN_KEY, str(acme.data)
        )
        repositories = [
            acme.organization.repository(f"r{number}", {RELEASE_WORKFLOW_PATH: publishing(STEPS)})
            for number in range(len(commands) + len(delays))
        ]
        pieces = [CheckCommit(*acme.names(each), each.head) for each in repositories]
        for piece, count in zip(pieces, commands, strict=False):
            enqueue(redis, [piece])
            mortal = employer.start(count)
            mortal.join(60)
            assert mortal.exitcode == -signal.SIGKILL
        for piece, delay in zip(pieces[len(commands) :], delays, strict=True):
            mortal = employer.start()
            enqueue(redis, [piece])
            time.sleep(delay)
            mortal.kill()
            mortal.join(60)
        work_it_off(redis, employer)
        for repository in repositories:
            runs = repository.check_runs(repository.head, "publishing")
            assert [run.status for run in runs] == ["completed"], repository.full_name
            assert len(runs[0].annotations) == NOTES, repository.full_name
        assert redis.zcard("wharfinger:open-check-runs") == 0


@pytest.fixture
def no_fork_is_left() -> Iterator[None]:
    yield
    kill_all_forks()


@pytest.mark.usefixtures("no_fork_is_left")
def test_a_kill_at_any_moment_leaves_exactly_one_completed_check_run(redis_url: str, redis: Redis) -> None:
    dice = random.Random(20)  # noqa: S311 - the same twenty each time
    kill_and_recover(redis_url, redis, sorted(dice.sample(range(6, 60), 14)), [dice.uniform(0, 0.2) for _ in range(6)])


@pytest.mark.soak
@pytest.mark.usefixtures("no_fork_is_left")
def test_five_hundred_kills_leave_exactly_one_completed_check_run_each(redis_url: str, redis: Redis) -> None:
    commands = [random.randrange(4, 120) for _ in range(400)]  # noqa: S311 - others each time
    kill_and_recover(redis_url, redis, commands, [random.uniform(0, 0.3) for _ in range(100)])  # noqa: S311 - as above
