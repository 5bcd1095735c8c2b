"""Many gates at once, and workers killed at them: what the policy rejects never leaves, nothing is decided twice or forgotten."""

import random
import signal
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from redis import Redis

from handlers.jobs.job_table import run_job
from handlers.queue.enqueue import enqueue
from handlers.queue.job_spec import Priority
from handlers.queue.job_specs import SweepGates
from tests.app.acme import TOKEN_KEY, AcmeInstallation
from tests.app.app_worker import WorkerStarter
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.handlers.jobs.gate.gate_scenario import GateScenario, deployment_waiting, gate_scenario
from tests.handlers.worker.small_worker import kill_all_forks

ALONE = "{independent-approval: off, passed-check: off}"


@pytest.fixture(autouse=True)
def no_fork_is_left() -> Iterator[None]:
    yield
    kill_all_forks()


def employer_of(acme: AcmeInstallation, url: str) -> WorkerStarter:
    return WorkerStarter(
        url, acme.github.base_url, acme.github.app.id, acme.github.private_key, TOKEN_KEY, str(acme.data)
    )


def releases_of(acme: AcmeInstallation, widgets: ScenarioRepository, number: int) -> list[GateScenario]:
    """As many that wait; every other one has a commit that was never merged, and must not leave."""
    side = widgets.push({"README.md": "side"}, branch="side")
    shas = (widgets.head, side)
    return [
        deployment_waiting(acme, widgets, ref=f"v{each}", sha=shas[each % 2], checked=False) for each in range(number)
    ]


def assert_all_decided_once(releases: list[GateScenario], redis: Redis) -> None:
    assert [each.verdict for each in releases] == [
        "approved" if n % 2 == 0 else "rejected" for n in range(len(releases))
    ]
    assert {len(each.pending_deployment.comments) for each in releases} == {1}
    runs = Counter(each.run for each in releases[0].history)
    assert set(runs.values()) == {1}
    assert runs.keys() == {each.run.id for each in releases}
    assert all(each.confirmed for each in releases[0].history)
    assert redis.zcard("wharfinger:gates:waiting") == 0


def work_it_off(acme: AcmeInstallation, redis: Redis, employer: WorkerStarter) -> None:
    """Let a worker that is not killed do the rest, and the sweep find what the others forgot; what is due later is due now."""
    end = time.monotonic() + 600
    survivor = employer.worker()
    while redis.keys("rq:job:*") or redis.zcard("wharfinger:gates:waiting"):
        assert time.monotonic() < end, "work is left"
        redis.zunionstore("wharfinger:gates:waiting", {"wharfinger:gates:waiting": 0})
        run_job(acme.context, SweepGates())
        survivor.work(burst=True)
        for queue in Priority:
            redis.zunionstore(f"rq:scheduled:{queue}", {f"rq:scheduled:{queue}": 0})
        time.sleep(0.1)
    survivor.context.github.close()


def decide_all(redis_url: str, redis: Redis, number: int) -> None:
    with gate_scenario(redis, gate=ALONE, enterprise=True) as (acme, widgets):
        releases = releases_of(acme, widgets, number)
        employer = employer_of(acme, redis_url)
        enqueue(redis, [each.gate.job for each in releases])
        employer.start()
        work_it_off(acme, redis, employer)
        assert_all_decided_once(releases, redis)


def kill_and_recover(redis_url: str, redis: Redis, commands: list[int]) -> None:
    with gate_scenario(redis, gate=ALONE, enterprise=True) as (acme, widgets):
        releases = releases_of(acme, widgets, len(commands))
        employer = employer_of(acme, redis_url)
        for release, count in zip(releases, commands, strict=True):
            enqueue(redis, [release.gate.job])
            mortal = employer.start(count)
            mortal.join(60)
            assert mortal.exitcode == -signal.SIGKILL
        work_it_off(acme, redis, employer)
        assert_all_decided_once(releases, redis)


def test_forty_that_wait_at_once_are_all_decided(redis_url: str, redis: Redis) -> None:
    decide_all(redis_url, redis, 40)


@pytest.mark.soak
def test_a_thousand_that_wait_at_once_are_all_decided(redis_url: str, redis: Redis) -> None:
    decide_all(redis_url, redis, 1000)


def test_kills_approve_nothing_that_is_rejected_and_forget_nothing(redis_url: str, redis: Redis) -> None:
    dice = random.Random(20)  # noqa: S311 - the same twenty each time
    kill_and_recover(redis_url, redis, dice.sample(range(6, 80), 20))


@pytest.mark.soak
def test_two_hundred_kills_approve_nothing_that_is_rejected(redis_url: str, redis: Redis) -> None:
    kill_and_recover(redis_url, redis, [random.randrange(4, 120) for _ in range(200)])  # noqa: S311 - others each time
