"""What no event brought: sweeps, the oldest first, and deliveries that GitHub could not bring."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from redis import Redis

from bot.model.core_types import FullName, RepositoryId
from bot.model.errors import RetryLaterError
from handlers.config.settings import Settings
from handlers.jobs.job_table import run_job
from handlers.queue.enqueue import QUEUES, queue_lengths
from handlers.queue.job_specs import (
    CheckBranch,
    CheckCommit,
    CheckInstallationHeads,
    CheckTags,
    RedeliverFailed,
    SweepInstallation,
    SweepInstallations,
)
from handlers.records.report_store import ReportStore
from tests.app.acme import RELEASE_WORKFLOW_PATH, STORED_TOKEN, AcmeInstallation, acme_on
from tests.fakes.github.http_api.faults import Fault
from tests.handlers.web.running_receiver import RunningReceiver


@pytest.fixture
def acme(redis: Redis) -> Iterator[AcmeInstallation]:
    with acme_on(redis) as acme:
        yield acme


def waiting(redis: Redis, queue: str = "sweep") -> list[str]:
    """The ids of the work in a queue, first come first."""
    ids: list[Any] = redis.lrange(f"rq:queue:{queue}", 0, -1)
    lines: set[Any] = redis.smembers(f"wharfinger:asides:{queue}")
    for line in sorted(lines):
        ids += redis.lrange(f"wharfinger:aside:{queue}:{line.decode()}", 0, -1)
    return [each.decode() for each in ids]


def check_branch_job_id(acme: AcmeInstallation, name: str, repository: int) -> str:
    return CheckBranch(acme.id, RepositoryId(repository), FullName(f"acme/{name}")).deduplication_key


def test_a_sweep_asks_for_every_repository_the_oldest_first_and_none_twice(acme: AcmeInstallation) -> None:
    old, new, never, archived = (acme.organization.repository(name) for name in ("old", "new", "never", "archived"))
    archived.state.archived = True
    acme.check(old)
    acme.check(new)
    for _ in range(2):
        run_job(acme.context, SweepInstallation(acme.id))
    ids = [check_branch_job_id(acme, each.state.name, each.id) for each in (never, old, new)]
    found = waiting(acme.redis)
    assert found[:3] == ids
    assert found[3:] == [CheckTags(*acme.names(never)).deduplication_key]  # the others publish nothing


def test_what_left_unnoticed_is_forgotten_by_the_next_sweep(acme: AcmeInstallation) -> None:
    stays, leaves = acme.organization.repository("stays"), acme.organization.repository("leaves")
    acme.check(stays)
    acme.check(leaves)
    acme.github.select_repositories(acme.installation, stays)
    run_job(acme.context, SweepInstallation(acme.id))
    assert ReportStore(acme.records).get(RepositoryId(leaves.id)) is None
    assert list(ReportStore(acme.records).evaluation_times(acme.id)) == [stays.id]


def test_the_whole_sweep_leaves_suspended_installations_alone(acme: AcmeInstallation) -> None:
    other = acme.github.organization("globex")
    acme.github.suspend(acme.github.install(other))
    run_job(acme.context, SweepInstallations())
    assert waiting(acme.redis) == [SweepInstallation(acme.id).deduplication_key]


def test_a_sweep_of_what_is_gone_ends_quietly(acme: AcmeInstallation) -> None:
    acme.github.uninstall(acme.installation)
    run_job(acme.context, SweepInstallation(acme.id))
    assert sum(queue_lengths(acme.redis)[queue] for queue in QUEUES) == 0


def test_the_head_of_the_default_branch_is_what_a_sweep_judges(acme: AcmeInstallation) -> None:
    widgets = acme.organization.repository("widgets", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
    run_job(acme.context, CheckBranch(*acme.names(widgets)))
    assert [run.status for run in widgets.check_runs(widgets.head)] == ["completed"]


def test_missed_deliveries_are_asked_for_once_until_they_arrive(acme: AcmeInstallation, settings: Settings) -> None:
    """First nobody listens; then somebody does."""
    widgets = acme.organization.repository("widgets")
    acme.github.deliver_to("http://127.0.0.1:9/webhook")
    widgets.push({"a": "1"})
    acme.github.wait_for_deliveries()
    failed = {each.guid for each in acme.github.deliveries if each.sent and not each.succeeded}
    assert failed
    with RunningReceiver(replace(settings, app_id=acme.github.app.id)) as web:
        acme.github.app.webhook_secret = settings.webhook_secrets[0]
        acme.github.deliver_to(f"{web.url}/webhook")
        run_job(acme.context, RedeliverFailed())
        acme.github.wait_for_deliveries()
        again = [each.guid for each in acme.github.deliveries if each.redelivery]
        assert sorted(again) == sorted(failed)
        run_job(acme.context, RedeliverFailed())
        acme.github.wait_for_deliveries()
        assert [each.guid for each in acme.github.deliveries if each.redelivery] == again


def test_a_delivery_that_fails_for_ever_is_given_up(acme: AcmeInstallation) -> None:
    widgets = acme.organization.repository("widgets")
    acme.github.deliver_to("http://127.0.0.1:9/webhook")
    widgets.push({"a": "1"})
    acme.github.wait_for_deliveries()
    (guid, *_) = (each.guid for each in acme.github.deliveries if each.event == "push")
    for _ in range(8):
        run_job(acme.context, RedeliverFailed())
        acme.github.wait_for_deliveries()
    assert len([each for each in acme.github.deliveries if each.guid == guid]) == 1 + 5


def test_a_wish_that_github_does_not_hear_is_made_again(acme: AcmeInstallation) -> None:
    widgets = acme.organization.repository("widgets")
    acme.github.deliver_to("http://127.0.0.1:9/webhook")
    widgets.push({"a": "1"})
    acme.github.wait_for_deliveries()
    acme.github.inject_fault(Fault.BAD_GATEWAY, "/app/hook/deliveries$", times=3)
    with pytest.raises(Exception, match="502"):
        run_job(acme.context, RedeliverFailed())
    run_job(acme.context, RedeliverFailed())
    assert [each for each in acme.github.deliveries if each.redelivery]


def test_a_head_that_moved_without_an_event_is_found_within_the_hour(acme: AcmeInstallation) -> None:
    still, moved, new = (acme.organization.repository(name, {"README.md": "x"}) for name in ("still", "moved", "new"))
    run_job(acme.context, SweepInstallation(acme.id))
    for repository in (still, moved):
        acme.check(repository)
    acme.redis.delete("rq:queue:sweep", "rq:queue:check")
    head = moved.push({"README.md": "y"})
    before = len(acme.github.calls)
    run_job(acme.context, CheckInstallationHeads(acme.id))
    assert acme.github.calls[before:] == ["POST /graphql"]
    (found,) = waiting(acme.redis, "check")
    assert found == CheckCommit(acme.id, RepositoryId(moved.id), FullName("acme/moved"), head).deduplication_key
    assert new.head  # nothing is known of it: the sweep's


def test_a_look_at_heads_takes_a_query_for_fifty_and_goes_on_where_it_was(acme: AcmeInstallation) -> None:
    for number in range(110):
        acme.organization.repository(f"r{number}", {"README.md": "x"})
    run_job(acme.context, SweepInstallation(acme.id))
    before = acme.github.count("POST /graphql")
    acme.github.inject_fault(Fault.SECONDARY, "/graphql", skip=1)
    with pytest.raises(RetryLaterError):
        run_job(acme.context, CheckInstallationHeads(acme.id))
    acme.redis.delete(*acme.redis.keys("wharfinger:pause:*"))
    run_job(acme.context, CheckInstallationHeads(acme.id))
    run_job(acme.context, CheckInstallationHeads(acme.id))
    assert acme.github.count("POST /graphql") - before == 3 + 3


def test_tags_are_polled_only_where_something_is_published(acme: AcmeInstallation) -> None:
    plain = acme.organization.repository("plain", {"README.md": "x"})
    action = acme.organization.repository("action", {"action.yml": "runs: {using: composite, steps: []}\n"})
    release = acme.organization.repository("release", {RELEASE_WORKFLOW_PATH: STORED_TOKEN})
    unknown = acme.organization.repository("unknown", {"README.md": "x"})
    for repository in (plain, action, release):
        acme.check(repository)
    acme.redis.delete("rq:queue:sweep")
    run_job(acme.context, SweepInstallation(acme.id))
    asked = {each for each in waiting(acme.redis) if each.startswith("check-tags")}
    assert asked == {CheckTags(*acme.names(each)).deduplication_key for each in (action, release, unknown)}
