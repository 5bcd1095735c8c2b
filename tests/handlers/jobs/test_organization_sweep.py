"""A sweep of a whole organization: within GitHub's limits, going on after a kill, and silent when nothing has changed."""

import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from typing import Any

import pytest
from redis import Redis

from handlers.jobs.job_table import run_job
from handlers.queue.enqueue import QUEUES
from handlers.queue.job_spec import Priority
from handlers.queue.job_specs import SweepInstallation
from tests.app.acme import (
    CREATE_TOKEN,
    RELEASE_WORKFLOW_PATH,
    STORED_TOKEN,
    TOKEN_KEY,
    TRUSTED_PUBLISHING,
    WITHOUT_PUBLICATION,
    AcmeInstallation,
    acme_on,
)
from tests.app.app_worker import WorkerStarter
from tests.bot.github.settings.settings_scenario import ALL_SETTINGS
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository

KINDS = (STORED_TOKEN, TRUSTED_PUBLISHING, WITHOUT_PUBLICATION)
GRAPHQL, CREATED = "POST /graphql", "POST /repos/{owner}/{repo}/check-runs"


@contextmanager
def organization(redis: Redis, size: int, secrets: int) -> Iterator[tuple[AcmeInstallation, list[ScenarioRepository]]]:
    """Make an organization of so many repositories, each with so many secrets; GitHub's limits are in force."""
    with acme_on(redis, permissions=ALL_SETTINGS) as acme:
        acme.organization.team("release", "mona", "hubot")
        acme.organization.secret("FOR_ALL")
        repositories = []
        for number, workflow in zip(range(size), cycle(KINDS), strict=False):
            made = acme.organization.repository(f"r{number}", {RELEASE_WORKFLOW_PATH: workflow})
            made.environment("pypi", reviewers=["mona"], tags=["v*"])
            for each in range(secrets):
                made.secret(f"SECRET_{each}")
            repositories.append(made)
        yield acme, repositories


def work_off(acme: AcmeInstallation, redis: Redis, employer: WorkerStarter) -> float:
    """Let a worker do all that is asked for; where GitHub asks it to wait, let that time pass. Return the seconds waited."""
    waited, worker = 0.0, employer.worker()
    while redis.keys("rq:job:*"):
        worker.work(burst=True)
        due = [first_due(redis, queue) for queue in QUEUES if redis.exists(f"rq:scheduled:{queue}")]
        if due and not any(redis.llen(f"rq:queue:{queue}") for queue in QUEUES):
            seconds = max(min(due) - time.time(), 0) + 1
            acme.github.clock.advance(seconds=seconds)
            waited += seconds
            for kind in ("pause", "budget", "points", "held"):
                for over in redis.keys(f"wharfinger:{kind}:*"):
                    redis.delete(over)
            for queue in Priority:
                redis.zunionstore(f"rq:scheduled:{queue}", {f"rq:scheduled:{queue}": 0})
    worker.context.github.close()
    return waited


def first_due(redis: Redis, queue: str) -> float:
    """When the first piece of work that was put off is due, in seconds since 1970."""
    found: list[Any] = redis.zrange(f"rq:scheduled:{queue}", 0, 0, withscores=True)
    return float(found[0][1])


def sweep(acme: AcmeInstallation) -> None:
    run_job(acme.context, SweepInstallation(acme.id))


def answered_calls(acme: AcmeInstallation) -> Counter[str]:
    """The calls that GitHub did not refuse: by a limit, or as what is not there."""
    return Counter(call.operation for call in acme.github.world.log.calls if call.status < 400)


def writes(calls: Counter[str]) -> int:
    """How many calls changed something; queries and tokens do not."""
    return sum(
        count for call, count in calls.items() if not call.startswith("GET ") and call not in (GRAPHQL, CREATE_TOKEN)
    )


def swept_and_swept_again(
    redis_url: str, redis: Redis, size: int, secrets: int, dies_after: int
) -> tuple[Counter[str], float]:
    """Sweep, kill the worker on its way, let another go on, sweep again. Return the first sweep's calls and its waiting."""
    with organization(redis, size, secrets) as (acme, repositories):
        github = acme.github
        employer = WorkerStarter(
            redis_url, github.base_url, github.app.id, github.private_key, TOKEN_KEY, str(acme.data)
        )
        sweep(acme)
        mortal = employer.start(dies_after)
        mortal.join(60)
        assert mortal.exitcode == -signal.SIGKILL
        assert 0 < answered_calls(acme)[CREATED] < size  # the kill was on the way
        waited = work_off(acme, redis, employer)
        first, refused = answered_calls(acme), len(github.calls) - answered_calls(acme).total()
        for each in repositories:
            assert [run.status for run in each.check_runs(each.head, "publishing")] == ["completed"], each.full_name
        assert first[CREATED] == size  # nothing was judged twice for the kill, but the one that was under way
        assert first[GRAPHQL] <= size + refused + 4  # what GitHub put off is read again, and nothing else

        sweep(acme)
        work_off(acme, redis, employer)
        assert writes(answered_calls(acme) - first) == 0
        return first, waited


def test_a_sweep_goes_on_after_a_kill_and_a_second_one_is_silent(redis_url: str, redis: Redis) -> None:
    first, _ = swept_and_swept_again(redis_url, redis, size=30, secrets=3, dies_after=150)
    assert first["GET /orgs/{org}/teams"] <= 2  # by the killed worker, and perhaps by the one after it


@pytest.mark.soak
def test_a_thousand_repositories_and_five_thousand_secrets_are_swept_within_githubs_limits(
    redis_url: str, redis: Redis
) -> None:
    first, waited = swept_and_swept_again(redis_url, redis, size=1000, secrets=5, dies_after=3000)
    print(f"{sum(first.values()):,} calls, {waited / 60:.0f} minutes waited for GitHub's limits")  # noqa: T201 - the figure of a soak run
    print(first.most_common(20))  # noqa: T201 - as above
