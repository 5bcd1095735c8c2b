"""What is watched, where alerts go, and what happens when a registry, a package or a permission is away."""

from collections.abc import Iterator

import pytest
from redis import Redis

from bot.model.core_types import RepositoryId
from bot.model.findings import Known
from bot.packages.versions import TraceStatus
from handlers.jobs.job_table import run_job
from handlers.jobs.releases.watch_packages import RETRY_AFTER
from handlers.queue.job_specs import (
    CheckAfterRun,
    CheckBranch,
    CheckDuePackages,
    DropToken,
    ExpectVersions,
    ForgetRepository,
)
from handlers.records.watch_store import WatchStore
from tests.app.acme import RELEASE_WORKFLOW_PATH, TRUSTED_PUBLISHING
from tests.app.release_scenario import PROJECT
from tests.handlers.jobs.packages.watched_package import (
    MINUTE,
    WatchedPackageScenario,
    trace_statuses,
    watched_package_scenario,
)


@pytest.fixture
def story(redis: Redis) -> Iterator[WatchedPackageScenario]:
    with watched_package_scenario(redis) as story:
        yield story


def test_a_registry_that_is_away_is_told_of_and_caught_up_on(story: WatchedPackageScenario) -> None:
    story.registries.world.outage("pypi")
    story.observe_registry()
    book = WatchStore(story.acme.records)
    assert set(book.outages()) == {"pypi"}
    assert not isinstance(book.observed_packages(RepositoryId(story.widgets.id)), Known)
    story.run_job(CheckDuePackages())
    assert story.alert_issues == []

    story.advance(20 * MINUTE)
    story.run_job(CheckDuePackages())
    story.write_alerts()
    (alarm,) = story.alert_issues
    assert alarm.title == "Registry not watched: PyPI does not answer"

    story.registries.world.recover("pypi")
    story.publish("1.0.1", by="mallory")
    story.advance(MINUTE)
    story.observe_registry()
    story.run_job(CheckDuePackages())
    story.write_alerts()
    assert (alarm.state, book.outages()) == ("closed", {})
    assert "1.0.1" in trace_statuses(story)


def test_a_package_that_is_gone_is_told_of_until_it_is_there_again(story: WatchedPackageScenario) -> None:
    project = story.registries.world.projects.pop(("pypi", "widgets"))
    for _ in range(3):
        story.observe_registry()
        story.advance(10 * MINUTE)
    (alarm,) = story.alert_issues
    assert (alarm.state, alarm.title) == ("open", "Package not watched: widgets on PyPI is unreadable")

    story.registries.world.projects["pypi", "widgets"] = project
    story.observe_registry()
    assert (alarm.state, trace_statuses(story)) == ("closed", {"1.0.0": None})


def test_of_a_fork_nothing_is_watched_that_the_policy_does_not_name(story: WatchedPackageScenario) -> None:
    files = {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING, "pyproject.toml": PROJECT.replace("widgets", "gadgets")}
    fork = story.acme.organization.repository("gadgets", files)
    fork.state.forked_from = story.widgets.state
    story.run_job(CheckBranch(*story.acme.names(fork)))
    assert list(WatchStore(story.acme.records).of_repository(RepositoryId(fork.id))) == []


def test_a_second_repository_that_claims_a_package_is_an_alert_and_does_not_crowd_out_the_first(
    story: WatchedPackageScenario,
) -> None:
    copy = story.acme.organization.repository(
        "copy", {RELEASE_WORKFLOW_PATH: TRUSTED_PUBLISHING, "pyproject.toml": PROJECT}
    )
    story.run_job(CheckBranch(*story.acme.names(copy)))
    story.release("1.1.0")
    story.observe_registry()

    assert [claim.full_name for claim in WatchStore(story.acme.records).claims(story.watched_package)] == [
        "acme/widgets",
        "acme/copy",
    ]
    assert trace_statuses(story)["1.1.0"] is TraceStatus.TRACED
    assert [each.title for each in story.alert_issues] == [
        "New claimant: acme/copy says that it publishes widgets on PyPI"
    ]


def test_where_the_central_repository_takes_no_issues_the_repository_itself_does(story: WatchedPackageScenario) -> None:
    story.security.state.has_issues = False
    story.publish("1.0.1", by="mallory")
    story.advance(2 * MINUTE)
    story.observe_registry()
    assert len(story.widgets.issues) == 2


def test_without_the_permission_the_alarm_waits_and_nothing_is_lost(redis: Redis) -> None:
    with watched_package_scenario(redis, without=("issues",)) as story:
        story.publish("1.0.1", by="mallory")
        story.advance(2 * MINUTE)
        story.observe_registry()
        assert (story.alert_issues, story.widgets.issues) == ([], [])
        story.acme.installation.permissions["issues"] = "write"
        run_job(story.context, DropToken(story.acme.id))
        story.advance(RETRY_AFTER)
        story.write_alerts()
        assert len(story.alert_issues) == 2


def test_a_repository_that_leaves_is_watched_no_more(story: WatchedPackageScenario) -> None:
    story.run_job(ForgetRepository(story.acme.id, RepositoryId(story.widgets.id)))
    assert list(WatchStore(story.acme.records).all()) == []
    story.run_job(CheckDuePackages())


def test_an_announced_version_is_looked_for_each_half_minute(story: WatchedPackageScenario) -> None:
    book = WatchStore(story.acme.records)
    story.run_job(ExpectVersions(story.acme.id, RepositoryId(story.widgets.id)))
    story.observe_registry()
    when = book.due_at(story.watched_package)
    assert when is not None
    assert when - story.time.now.timestamp() == pytest.approx(30, abs=1)

    story.release("1.1.0")
    story.advance(MINUTE)
    story.observe_registry()
    assert book.announced_at(story.watched_package) is None


def test_what_a_run_may_have_sent_is_looked_for_when_it_is_over(story: WatchedPackageScenario, redis: Redis) -> None:
    story.publish("1.0.1", by="mallory")
    story.run_job(CheckAfterRun(story.acme.id, RepositoryId(story.widgets.id), (".github/workflows/tests.yml",)))
    assert redis.llen("rq:queue:check") == 0

    before = redis.llen("rq:queue:sweep")
    story.run_job(CheckAfterRun(story.acme.id, RepositoryId(story.widgets.id), (RELEASE_WORKFLOW_PATH,)))
    assert redis.lrange("rq:queue:check", 0, -1) == [story.watched_package.job.deduplication_key.encode()]
    assert redis.llen("rq:queue:sweep") == before + 1  # and what guards it is looked at
