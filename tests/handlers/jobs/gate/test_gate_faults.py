"""The table of faults: what can go wrong between a waiting release and its review. None of it approves."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import delete

from bot.github.github_errors import UnansweredError
from bot.model.errors import RetryLaterError
from handlers.config.settings import Settings
from handlers.events.event_table import jobs_for_event
from handlers.jobs.job_table import run_job
from handlers.queue.enqueue import queue_lengths
from handlers.queue.job_specs import DecideGate, FindGates, FindRepositoryGates, SweepGates
from handlers.records.schema.tables import policy_custody
from tests.app.acme import adopt_policy
from tests.conftest import WEBHOOK_SECRET, EmbeddedRedis
from tests.fakes.github.http_api.faults import Fault
from tests.handlers.jobs.gate.gate_scenario import GateScenario, deployment_waiting, gate_scenario, policy
from tests.handlers.web.running_receiver import RunningReceiver

ALONE = "{independent-approval: off}"  # so that a release as it should be leaves at once
AGAIN = 100  # times a call fails: more than anybody tries
CALLS = ("/actions/runs/[0-9]+$", "/pending_deployments", "/graphql", "/compare/", "/access_tokens")


@pytest.fixture
def release(redis: Redis) -> Iterator[GateScenario]:
    with gate_scenario(redis, gate=ALONE) as (acme, widgets):
        yield deployment_waiting(acme, widgets)


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        *((path, Fault.BAD_GATEWAY) for path in CALLS),
        ("/compare/", Fault.SECONDARY),
        ("/actions/runs/[0-9]+$", Fault.PRIMARY),
    ],
)
def test_an_outage_or_a_limit_decides_nothing_and_later_it_is_decided(
    release: GateScenario, path: str, fault: Fault
) -> None:
    release.acme.client.tokens.drop(release.acme.id)
    release.acme.github.inject_fault(fault, path, times=AGAIN)
    with pytest.raises(RetryLaterError):
        release.decide()
    assert release.verdict is None
    assert [gate.run for gate, _ in release.gate_records.waiting()] == [release.run.id]

    release.acme.github.faults.clear()
    release.acme.forget_limits()
    assert release.decide() == "approved"


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.DROP_AFTER, Fault.SERVER_ERROR])
def test_a_review_whose_answer_is_lost_is_given_once(release: GateScenario, fault: Fault) -> None:
    release.acme.github.inject_fault(fault, "/deployment_protection_rule$", method="POST")
    with pytest.raises(UnansweredError):
        release.decide()
    assert release.decide() == "approved"
    assert len(release.pending_deployment.comments) == 1
    assert [each.confirmed for each in release.history] == [True]


@pytest.mark.parametrize("permission", ["actions", "contents", "checks", "deployments"])
def test_a_withheld_permission_keeps_it_waiting(redis: Redis, permission: str) -> None:
    with gate_scenario(redis, gate=ALONE) as (acme, widgets):
        release = deployment_waiting(acme, widgets)
        acme.github.revoke_permissions(acme.installation, permission)
        acme.client.tokens.drop(acme.id)
        assert release.decide() is None
        assert release.gate_records.get_state(release.gate, 0).attempts == 1
        if permission != "deployments":
            (report,) = release.status_reports
            assert f"{permission}: " in unescape(report)
            release.decide()
            assert len(release.status_reports) == 1


@pytest.mark.parametrize("known", [True, False])
def test_a_policy_that_is_not_valid_keeps_it_waiting(release: GateScenario, *, known: bool) -> None:
    if not known:
        with release.acme.records.transaction() as connection:
            connection.execute(delete(policy_custody))
    release.acme.github.repository("acme/.github").push({"publishing.yml": "version: 1\nmode: enfroce\n"})
    assert release.decide() is None
    assert "is not valid" in release.status_reports[0]

    adopt_policy(release.acme.github.repository("acme/.github"), policy(gate=ALONE))
    assert release.decide() == "approved"


def test_when_redis_forgot_everything_the_sweep_finds_what_waits(release: GateScenario, redis: Redis) -> None:
    redis.flushall()
    run_job(release.acme.context, SweepGates())
    run_job(release.acme.context, FindGates(release.acme.id))
    for repository in (release.widgets,):
        run_job(release.acme.context, FindRepositoryGates(*release.acme.names(repository)))
    assert queue_lengths(redis)["gate"] == 1
    assert release.verdict is None

    run_job(release.acme.context, DecideGate(*release.acme.names(release.widgets), release.run.id, "pypi", 0))
    assert release.verdict == "approved"


def test_what_waits_already_is_not_found_a_second_time(release: GateScenario, redis: Redis) -> None:
    release.gate_records.add(release.gate, 0.0)
    run_job(release.acme.context, FindRepositoryGates(*release.acme.names(release.widgets)))
    assert redis.keys("rq:job:*") == [f"rq:job:{release.gate.job.deduplication_key}".encode()]


def test_without_redis_nothing_is_decided(own_redis: EmbeddedRedis) -> None:
    with Redis.from_url(own_redis.url) as client, gate_scenario(client, gate=ALONE) as (acme, widgets):
        release = deployment_waiting(acme, widgets)
        own_redis.kill()
        with pytest.raises(RedisError):
            release.decide()
        assert release.verdict is None
        own_redis.start()
        assert release.decide() == "approved"


def test_a_clock_that_is_wrong_opens_no_freeze(redis: Redis) -> None:
    rest = datetime.now(UTC).date() + timedelta(days=30)
    with gate_scenario(redis, gate=f"{{independent-approval: off, release-freeze: {{days: [{rest}/{rest}]}}}}") as (
        acme,
        widgets,
    ):
        release = deployment_waiting(acme, widgets)
        acme.client.tokens.drop(acme.id)
        acme.github.clock.skew = timedelta(days=30).total_seconds()
        assert release.decide() == "rejected"
        assert f"releases are frozen from {rest}" in release.comment


def test_a_replayed_delivery_decides_nothing_twice(release: GateScenario) -> None:
    assert release.decide() == "approved"
    release.widgets.push({"README.md": "what comes afterwards"})
    assert release.decide() == "approved"
    assert len(release.pending_deployment.comments) == len(release.history) == 1


def test_a_forged_delivery_asks_for_nothing(settings: Settings, redis: Redis) -> None:
    callback = "https://evil.example/repos/acme/widgets/actions/runs/9/deployment_protection_rule"
    payload = {
        "action": "requested", "environment": "pypi", "deployment_callback_url": callback, "installation": {"id": 7},
        "repository": {"id": 31, "full_name": "acme/widgets"},
    }  # fmt: skip
    with RunningReceiver(settings) as web:
        assert web.deliver("deployment_protection_rule", payload, secret="guessed").status_code == 401
        assert queue_lengths(redis)["gate"] == 0
        assert web.deliver("deployment_protection_rule", payload, secret=WEBHOOK_SECRET).status_code == 202
        assert queue_lengths(redis)["gate"] == 1
    (work,) = jobs_for_event("deployment_protection_rule", payload).jobs
    assert "evil" not in str(work)


def test_a_cancelled_run_is_left_alone(release: GateScenario) -> None:
    release.widgets.cancel(release.run)
    assert release.decide() is None
    assert list(release.gate_records.waiting()) == []
    assert release.history == []


def test_an_approval_of_an_earlier_attempt_does_not_count(redis: Redis) -> None:
    with gate_scenario(redis) as (acme, widgets):
        first = deployment_waiting(acme, widgets)
        first.approve("bob")
        widgets.rerun(first.run, by="alice")
        job = widgets.start_job(first.run, "publish", environment="pypi")
        again = GateScenario(acme, widgets, first.run, first.run.pending_deployments["pypi"], job)
        assert again.decide() is None
        assert "each of 2 attempts needs one" in again.status_reports[0]
        again.approve("carol")
        assert again.decide() == "approved"


def test_a_run_that_is_started_again_while_it_is_judged_is_judged_anew(release: GateScenario) -> None:
    release.acme.github.inject_fault(Fault.SLOW, "/compare/", seconds=1.5)
    told: list[Exception] = []

    def judge() -> None:
        try:
            release.decide()
        except RetryLaterError as error:
            told.append(error)

    judging = threading.Thread(target=judge)
    judging.start()
    while release.acme.github.faults.orders:  # until the slow call has begun
        time.sleep(0.005)
    release.widgets.rerun(release.run, by="mallory")
    release.widgets.start_job(release.run, "publish", environment="pypi")
    judging.join(20)
    assert [str(error) for error in told] == ["the run changed while it was judged"]
    assert set(release.run.pending_deployments["pypi"].rule_states.values()) == {None}


def test_a_renamed_environment_is_no_way_round(release: GateScenario) -> None:
    release.widgets.rename_environment("pypi", "pypi-old")
    assert release.decide() is None
    assert list(release.gate_records.waiting()) == []
    assert release.job.conclusion == "failure"


def test_what_was_asked_of_another_is_not_answered(redis: Redis) -> None:
    with gate_scenario(redis, gate=ALONE) as (acme, widgets):
        widgets.environment("manual", reviewers=["bob"])
        run = widgets.start_run(".github/workflows/release.yml", ref="main")
        widgets.start_job(run, "publish", environment="manual")
        run_job(acme.context, FindRepositoryGates(*acme.names(widgets)))
        assert queue_lengths(redis)["gate"] == 0
