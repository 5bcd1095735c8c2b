"""What happens when Redis loses all it holds: no record is missing, every delivery is asked for again, nobody else moves in."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from redis import Redis

from bot.model.core_types import RepositoryId
from bot.model.errors import ConfigurationError
from handlers.jobs.job_table import JOBS, run_job
from handlers.jobs.redis_loss import claim_redis, recover_lost_redis
from handlers.queue.enqueue import enqueue, oldest_open_job
from handlers.queue.job_spec import JobSpec
from handlers.queue.job_specs import CheckBranch, RedeliverFailed, SweepInstallation
from handlers.records.app_store import AppStore
from handlers.records.report_store import DigestFactStore, ReportStore
from handlers.worker.loop import Worker
from tests.app.acme import RELEASE_WORKFLOW_PATH, STORED_TOKEN, AcmeInstallation, acme_on, policy
from tests.fakes.github.scenario.scenario_repository import ScenarioRepository
from tests.handlers.web.running_receiver import RunningReceiver

ISSUES = "reports: {issues: repository}\n"


@pytest.fixture
def acme(redis: Redis) -> Iterator[AcmeInstallation]:
    with acme_on(redis, policy=policy() + ISSUES) as acme:
        recover_lost_redis(acme.context)
        yield acme


@pytest.fixture
def widgets(acme: AcmeInstallation) -> ScenarioRepository:
    return acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})


def work(acme: AcmeInstallation, *jobs: JobSpec) -> None:
    enqueue(acme.redis, jobs)
    Worker(acme.redis, JOBS, acme.context).work(burst=True)


def check_waits(redis: Redis) -> bool:
    return bool(redis.keys("rq:job:check-commit-*"))


def test_a_redis_that_is_new_has_lost_nothing(acme: AcmeInstallation) -> None:
    recover_lost_redis(acme.context)
    assert AppStore(acme.records).epoch == 1
    assert AppStore(acme.records).deliveries_lost_from is None
    assert not acme.redis.keys("rq:job:*")


@pytest.mark.parametrize("moment", ["before the check", "after the check", "before the issue"])
def test_no_record_is_missing_and_nothing_is_said_twice(
    acme: AcmeInstallation, widgets: ScenarioRepository, moment: str
) -> None:
    check = CheckBranch(*acme.names(widgets))
    enqueue(acme.redis, [check])
    if moment == "before the check":
        acme.redis.flushall()
    elif moment == "after the check":
        work(acme)
        acme.redis.flushall()
    else:
        run_job(acme.context, check)
        acme.redis.flushall()
    recover_lost_redis(acme.context)
    work(acme, SweepInstallation(acme.id))

    assert ReportStore(acme.records).get(RepositoryId(widgets.id)) is not None
    assert len(DigestFactStore(acme.records, acme.id).changes(RepositoryId(widgets.id))) == 1
    assert len(widgets.check_runs(widgets.head, "publishing")) == 1
    assert [issue.state for issue in widgets.issues] == ["open"]


def test_deliveries_that_were_answered_are_asked_for_again(acme: AcmeInstallation, widgets: ScenarioRepository) -> None:
    context = replace(acme.context, clock=acme.github.clock.utc_now)
    run_job(context, RedeliverFailed())
    settings = replace(context.settings, redis_url=acme.redis.connection_pool.connection_kwargs["path"])
    settings = replace(
        settings, redis_url=f"unix://{settings.redis_url}", webhook_secrets=(acme.github.app.webhook_secret,)
    )
    with RunningReceiver(settings) as web:
        acme.github.deliver_to(f"{web.url}/webhook")
        widgets.push({"README.md": "news"})
        acme.github.wait_for_deliveries()
        assert check_waits(acme.redis)
        acme.redis.flushall()
        recover_lost_redis(context)
        assert AppStore(acme.records).deliveries_lost_from is not None
        run_job(context, RedeliverFailed())
        acme.github.wait_for_deliveries()

        assert check_waits(acme.redis)
        assert AppStore(acme.records).deliveries_lost_from is None


def test_deliveries_whose_jobs_had_not_ended_are_asked_for_again_however_old(
    acme: AcmeInstallation, widgets: ScenarioRepository
) -> None:
    context = replace(acme.context, clock=acme.github.clock.utc_now)
    enqueue(acme.redis, [CheckBranch(*acme.names(widgets))], "a-delivery")
    enqueue(acme.redis, [SweepInstallation(acme.id)], "tick-sweep-1")
    created_at = oldest_open_job(acme.redis)
    assert created_at is not None
    acme.github.clock.advance(hours=5)
    run_job(context, RedeliverFailed())
    acme.redis.flushall()
    recover_lost_redis(context)
    assert AppStore(acme.records).deliveries_lost_from == created_at
    assert oldest_open_job(acme.redis) is None


def test_a_receiver_and_a_worker_leave_the_redis_of_another_app_alone(
    acme: AcmeInstallation, widgets: ScenarioRepository, redis_url: str
) -> None:
    settings = replace(acme.context.settings, redis_url=redis_url, webhook_secrets=(acme.github.app.webhook_secret,))
    with RunningReceiver(settings) as web:
        acme.github.deliver_to(f"{web.url}/webhook")
        assert web.client.get("/ready").is_success
        acme.redis.flushall()
        claim_redis(acme.redis, replace(settings, app_id=99))
        enqueue(acme.redis, [CheckBranch(*acme.names(widgets))])
        widgets.push({"README.md": "news"})
        acme.github.wait_for_deliveries()

        assert not check_waits(acme.redis)
        assert acme.github.deliveries[-1].status_code == 503
        assert "belongs to another App" in web.client.get("/ready").json()["redis"]
    worker = Worker(acme.redis, JOBS, acme.context)
    worker.run_maintenance_tasks = lambda: None  # type: ignore[method-assign]  # it would refuse to start at all
    worker.work(burst=True)
    assert acme.redis.keys("rq:job:check-branch-*")


def test_a_second_app_is_refused_with_one_sentence(acme: AcmeInstallation) -> None:
    settings = acme.context.settings
    claim_redis(acme.redis, settings)
    claim_redis(acme.redis, settings)
    for other in (replace(settings, app_id=99), replace(settings, github_api="https://github.example/api/v3")):
        with pytest.raises(ConfigurationError, match="belongs to App") as refused:
            claim_redis(acme.redis, other)
        assert "\n" not in str(refused.value)
