"""Kills while a push is looked at and told of: at whatever moment a worker dies, each push is told once, and none is lost."""

import json
import random

import pytest
from redis import Redis

from handlers.events.event_table import jobs_for_event
from handlers.queue.enqueue import enqueue
from tests.app.acme import TOKEN_KEY, acme_on
from tests.app.app_worker import WorkerStarter
from tests.handlers.jobs.changes.push_scenario import policy
from tests.handlers.jobs.test_repository_issue_kills import kill, work_it_off

CI = ".github/workflows/ci.yml"
TEST = "on: {push: {branches: [main]}}\njobs: {test: {runs-on: ubuntu-latest, steps: [{run: make test}]}}\n"


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(3))
def test_a_kill_at_any_moment_tells_each_push_once(redis_url: str, redis: Redis, seed: int) -> None:
    points = random.Random(seed).sample(range(6, 90), 10)  # noqa: S311 - the same ten each time
    with acme_on(redis, enterprise=True, policy=policy()) as acme:  # such a server has no rate limits
        security = acme.organization.repository("security")
        employer = WorkerStarter(
            redis_url, acme.github.base_url, acme.github.app.id, acme.github.private_key, TOKEN_KEY, str(acme.data)
        )
        repositories = [acme.organization.repository(f"r{point}", {CI: TEST}) for point in points]
        commits = []
        for repository, point in zip(repositories, points, strict=True):
            before = len(acme.github.deliveries)
            commits.append(repository.push({CI: TEST.replace("test", "all")}, by="mallory"))
            for delivery in acme.github.deliveries[before:]:
                enqueue(redis, jobs_for_event(delivery.event, json.loads(delivery.body)).jobs)
            kill(employer, point)
        work_it_off(redis, employer)

        assert sorted(issue.title for issue in security.issues) == sorted(
            f"direct-workflow-edit in {repository.full_name}" for repository in repositories
        )
        assert [issue.comments for issue in security.issues] == [[]] * len(points)
        for repository, commit in zip(repositories, commits, strict=True):
            (run,) = repository.check_runs(commit, "publishing")
            assert (run.status, (run.title or "").partition(":")[0]) == ("completed", "1 alert")
