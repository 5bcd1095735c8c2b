"""Issues under kills and in company: at whatever moment a worker dies, and however many write, nothing is opened or said twice."""

import random
import signal
import threading
import time

import pytest
from redis import Redis

from bot.github.issues import AppIssues
from bot.model.core_types import FullName
from bot.model.errors import RetryLaterError
from bot.rendering.markdown import HiddenMetadata
from handlers.cli.failed_jobs import list_failed_jobs
from handlers.jobs.job_table import run_job
from handlers.queue.job_spec import Priority
from handlers.queue.job_specs import CheckBranch
from tests.app.acme import (
    RELEASE_WORKFLOW_PATH,
    STORED_TOKEN,
    TOKEN_KEY,
    TRUSTED_PUBLISHING,
    AcmeInstallation,
    acme_on,
    policy,
)
from tests.app.app_worker import WorkerStarter
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository

CENTRAL = "reports: {issues: central, central: acme/security}\n"


def check_repository(acme: AcmeInstallation, repository: ScenarioRepository) -> None:
    """Judge the default branch; its issue's work waits in the queue."""
    run_job(acme.context, CheckBranch(*acme.names(repository)))


def kill(employer: WorkerStarter, commands: int) -> None:
    mortal = employer.start(commands)
    mortal.join(60)
    assert mortal.exitcode == -signal.SIGKILL


def work_it_off(redis: Redis, employer: WorkerStarter) -> None:
    """Let a worker that is not killed do the rest; what is due later is due now, and leases have ended."""
    end = time.monotonic() + 60
    survivor = employer.worker()
    while redis.keys("rq:job:*"):
        assert time.monotonic() < end, "work is left"
        for key in [*redis.keys("*:opening"), *redis.keys("wharfinger:pace:*")]:
            redis.delete(key)
        survivor.work(burst=True)
        assert list_failed_jobs(redis) == []
        for queue in Priority:
            redis.zunionstore(f"rq:scheduled:{queue}", {f"rq:scheduled:{queue}": 0})
        time.sleep(0.05)
    survivor.context.github.close()
    survivor.context.registry_client.close()
    survivor.context.records.close()


def kill_and_recover(redis_url: str, redis: Redis, points: list[int]) -> None:
    """Kill a worker at each point, while it opens one issue and while it closes another."""
    with acme_on(redis, enterprise=True, policy=policy() + CENTRAL) as acme:  # such a server has no rate limits
        security = acme.organization.repository("security")
        employer = WorkerStarter(
            redis_url, acme.github.base_url, acme.github.app.id, acme.github.private_key, TOKEN_KEY, str(acme.data)
        )
        repositories = [
            acme.organization.repository(f"r{point}", {RELEASE_WORKFLOW_PATH: STORED_TOKEN}) for point in points
        ]
        for content in (None, TRUSTED_PUBLISHING):
            for repository, point in zip(repositories, points, strict=True):
                if content:
                    acme.add_environment(repository, "pypi")
                    repository.push({RELEASE_WORKFLOW_PATH: content})
                check_repository(acme, repository)
                kill(employer, point)
            work_it_off(redis, employer)
            names = [issue.title.split()[0] for issue in security.issues]
            assert sorted(names) == sorted(repository.full_name for repository in repositories)
        assert [(issue.state, len(issue.comments)) for issue in security.issues] == [("closed", 1)] * len(points)


def test_a_kill_at_any_moment_opens_and_closes_each_issue_once(redis_url: str, redis: Redis) -> None:
    kill_and_recover(redis_url, redis, sorted(random.Random(7).sample(range(6, 40), 4)))  # noqa: S311 - the same four each time


@pytest.mark.soak
def test_two_hundred_kills_open_and_close_each_issue_once(redis_url: str, redis: Redis) -> None:
    for _ in range(10):
        redis.flushall()
        kill_and_recover(redis_url, redis, random.sample(range(4, 60), 10))


def test_ten_at_once_open_one(redis: Redis) -> None:
    with acme_on(redis) as acme:
        security = acme.organization.repository("security")
        opened: list[int] = []

        def work() -> None:
            telephone = acme.another_client()
            issues = AppIssues(telephone.installation(acme.id), redis, FullName("acme/security"))
            for _ in range(200):
                try:
                    opened.append(
                        issues.open(HiddenMetadata("publishing", "repository-31"), "Publishing", "words").number
                    )
                except RetryLaterError:
                    time.sleep(0.02)
                else:
                    break
            telephone.close()

        threads = [threading.Thread(target=work) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert opened == [1] * 10
        assert len(security.issues) == 1
