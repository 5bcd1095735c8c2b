"""The table of faults: what can go wrong between a waiting release and its review. None of it approves."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from redis import Redis
from redis.exceptions import RedisError

from bot.github.github_errors import UnansweredError
from bot.model.errors import LaterError
from handlers.config.settings import Settings
from handlers.events.events import work_for
from handlers.jobs.job_table import JOBS
from handlers.queue.enqueue import job_id, lengths
from tests.conftest import WEBHOOK_SECRET, EmbeddedRedis
from tests.fakes.github.http_api.faults import Fault
from tests.handlers.jobs.gate.gate_scenario import Release, gated, policy, wait_at
from tests.handlers.web.running_receiver import Web

ALONE = "{independent-approval: off}"  # so that a release as it should be leaves at once
AGAIN = 100  # times a call fails: more than anybody tries
CALLS = ("/actions/runs/[0-9]+$", "/pending_deployments", "/graphql", "/compare/", "/access_tokens")


@pytest.fixture
def release(redis: Redis) -> Iterator[Release]:
    with gated(redis, gate=ALONE) as (acme, widgets):
        yield wait_at(acme, widgets)


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        *((path, Fault.BAD_GATEWAY) for path in CALLS),
        ("/compare/", Fault.SECONDARY),
        ("/actions/runs/[0-9]+$", Fault.PRIMARY),
    ],
)
def test_an_outage_or_a_limit_decides_nothing_and_later_it_is_decided(
    release: Release, path: str, fault: Fault
) -> None:
    release.acme.telephone.tokens.drop(release.acme.id)
    release.acme.github.fail(fault, path, times=AGAIN)
    with pytest.raises(LaterError):
        release.decide()
    assert release.verdict is None
    assert [gate.run for gate, _ in release.book.waiting()] == [release.run.id]

    release.acme.github.faults.clear()
    release.acme.redis.delete(*(key for key in release.acme.redis.keys("*pause*") or [b"-"]))
    assert release.decide() == "approved"


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.DROP_AFTER, Fault.SERVER_ERROR])
def test_a_review_whose_answer_is_lost_is_given_once(release: Release, fault: Fault) -> None:
    release.acme.github.fail(fault, "/deployment_protection_rule$", method="POST")
    with pytest.raises(UnansweredError):
        release.decide()
    assert release.decide() == "approved"
    assert len(release.waits.comments) == 1
    assert [each.confirmed for each in release.history] == [True]


@pytest.mark.parametrize("permission", ["actions", "contents", "checks", "deployments"])
def test_a_withheld_permission_keeps_it_waiting(redis: Redis, permission: str) -> None:
    with gated(redis, gate=ALONE) as (acme, widgets):
        release = wait_at(acme, widgets)
        acme.github.withhold(acme.installation, permission)
        acme.telephone.tokens.drop(acme.id)
        assert release.decide() is None
        assert release.book.note(release.gate, 0).looks == 1
        if permission != "deployments":
            (report,) = release.reports
            assert f"{permission}: " in unescape(report)
            release.decide()
            assert len(release.reports) == 1


@pytest.mark.parametrize("known", [True, False])
def test_a_policy_that_is_not_valid_keeps_it_waiting(release: Release, redis: Redis, *, known: bool) -> None:
    redis.delete(*([] if known else redis.keys("wharfinger:policy:*")) or ["-"])
    release.acme.github.repository("acme/.github").push({"publishing.yml": "version: 1\nmode: enfroce\n"})
    assert release.decide() is None
    assert "is not valid" in release.reports[0]

    release.acme.github.repository("acme/.github").push({"publishing.yml": policy(gate=ALONE)})
    assert release.decide() == "approved"


def test_when_redis_forgot_everything_the_sweep_finds_what_waits(release: Release, redis: Redis) -> None:
    redis.flushall()
    JOBS["sweep_gates"](release.acme.context)
    JOBS["find_gates"](release.acme.context, release.acme.id)
    for repository in (release.widgets,):
        JOBS["find_gates_of"](release.acme.context, release.acme.id, repository.id, repository.full_name)
    assert lengths(redis)["gate"] == 1
    assert release.verdict is None

    JOBS["decide_gate"](
        release.acme.context, release.acme.id, release.widgets.id, "acme/widgets", release.run.id, "pypi", 0
    )
    assert release.verdict == "approved"


def test_what_waits_already_is_not_found_a_second_time(release: Release, redis: Redis) -> None:
    release.book.arrived(release.gate, 0.0)
    JOBS["find_gates_of"](release.acme.context, release.acme.id, release.widgets.id, "acme/widgets")
    assert redis.keys("rq:job:*") == [f"rq:job:{job_id(release.gate.work)}".encode()]


def test_without_redis_nothing_is_decided(own_redis: EmbeddedRedis) -> None:
    with Redis.from_url(own_redis.url) as client, gated(client, gate=ALONE) as (acme, widgets):
        release = wait_at(acme, widgets)
        own_redis.kill()
        with pytest.raises(RedisError):
            release.decide()
        assert release.verdict is None
        own_redis.start()
        assert release.decide() == "approved"


def test_a_clock_that_is_wrong_opens_no_freeze(redis: Redis) -> None:
    rest = datetime.now(UTC).date() + timedelta(days=30)
    with gated(redis, gate=f"{{independent-approval: off, release-freeze: {{days: [{rest}/{rest}]}}}}") as (
        acme,
        widgets,
    ):
        release = wait_at(acme, widgets)
        acme.telephone.tokens.drop(acme.id)
        acme.github.clock.skew = timedelta(days=30).total_seconds()
        assert release.decide() == "rejected"
        assert f"releases rest from {rest}" in release.said


def test_a_replayed_delivery_decides_nothing_twice(release: Release) -> None:
    assert release.decide() == "approved"
    release.widgets.push({"README.md": "what comes afterwards"})
    assert release.decide() == "approved"
    assert len(release.waits.comments) == len(release.history) == 1


def test_a_forged_delivery_asks_for_nothing(settings: Settings, redis: Redis) -> None:
    callback = "https://evil.example/repos/acme/widgets/actions/runs/9/deployment_protection_rule"
    payload = {
        "action": "requested", "environment": "pypi", "deployment_callback_url": callback, "installation": {"id": 7},
        "repository": {"id": 31, "full_name": "acme/widgets"},
    }  # fmt: skip
    with Web(settings) as web:
        assert web.deliver("deployment_protection_rule", payload, secret="guessed").status_code == 401
        assert lengths(redis)["gate"] == 0
        assert web.deliver("deployment_protection_rule", payload, secret=WEBHOOK_SECRET).status_code == 202
        assert lengths(redis)["gate"] == 1
    (work,) = work_for("deployment_protection_rule", payload).work
    assert "evil" not in str(work)


def test_a_cancelled_run_is_left_alone(release: Release) -> None:
    release.widgets.cancel(release.run)
    assert release.decide() is None
    assert list(release.book.waiting()) == []
    assert release.history == []


def test_an_approval_of_an_earlier_attempt_does_not_count(redis: Redis) -> None:
    with gated(redis) as (acme, widgets):
        first = wait_at(acme, widgets)
        first.approve("bob")
        widgets.rerun(first.run, by="alice")
        job = widgets.start_job(first.run, "publish", environment="pypi")
        again = Release(acme, widgets, first.run, first.run.gates["pypi"], job)
        assert again.decide() is None
        assert "one for each of 2 attempts" in again.reports[0]
        again.approve("carol")
        assert again.decide() == "approved"


def test_a_run_that_is_started_again_while_it_is_judged_is_judged_anew(release: Release) -> None:
    release.acme.github.fail(Fault.SLOW, "/compare/", seconds=1.5)
    told: list[Exception] = []

    def judge() -> None:
        try:
            release.decide()
        except LaterError as error:
            told.append(error)

    judging = threading.Thread(target=judge)
    judging.start()
    while release.acme.github.faults.orders:  # until the slow call has begun
        time.sleep(0.005)
    release.widgets.rerun(release.run, by="mallory")
    release.widgets.start_job(release.run, "publish", environment="pypi")
    judging.join(20)
    assert [str(error) for error in told] == ["the run changed while it was judged"]
    assert set(release.run.gates["pypi"].rules.values()) == {None}


def test_a_renamed_environment_is_no_way_round(release: Release) -> None:
    release.widgets.rename_environment("pypi", "pypi-old")
    assert release.decide() is None
    assert list(release.book.waiting()) == []
    assert release.job.conclusion == "failure"


def test_what_was_asked_of_another_is_not_answered(redis: Redis) -> None:
    with gated(redis, gate=ALONE) as (acme, widgets):
        widgets.environment("manual", reviewers=["bob"])
        run = widgets.start_run(".github/workflows/release.yml", ref="main")
        widgets.start_job(run, "publish", environment="manual")
        JOBS["find_gates_of"](acme.context, acme.id, widgets.id, widgets.full_name)
        assert lengths(redis)["gate"] == 0
