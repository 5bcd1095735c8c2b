"""What is watched, where alarms go, and what happens when a registry, a package or a permission is away."""

from collections.abc import Iterator

import pytest
from redis import Redis

from bot.model.core_types import RepositoryId
from bot.model.findings import Seen
from bot.packages.versions import Standing
from handlers.jobs.job_table import JOBS
from handlers.jobs.releases.alarms import TRY_AGAIN
from handlers.queue.enqueue import job_id
from handlers.records.watch_store import WatchBook
from tests.app.acme import RELEASE, TRUSTED
from tests.app.release_scenario import PROJECT
from tests.handlers.jobs.packages.watched_package import MINUTE, Story, standings, watched


@pytest.fixture
def story(redis: Redis) -> Iterator[Story]:
    with watched(redis) as story:
        yield story


def test_a_registry_that_is_away_is_told_of_and_caught_up_on(story: Story) -> None:
    story.registries.world.outage("pypi")
    story.look()
    book = WatchBook(story.acme.redis)
    assert set(book.outages()) == {"pypi"}
    assert not isinstance(book.watched_of(RepositoryId(story.widgets.id)), Seen)
    story.do("watch")
    assert story.alarms == []

    story.later(20 * MINUTE)
    story.do("watch")
    story.tell()
    (alarm,) = story.alarms
    assert alarm.title == "Alarm: PyPI does not answer, and what is published there is not watched"

    story.registries.world.recover("pypi")
    story.publish("1.0.1", by="mallory")
    story.later(MINUTE)
    story.look()
    story.do("watch")
    story.tell()
    assert (alarm.state, book.outages()) == ("closed", {})
    assert "1.0.1" in standings(story)


def test_a_package_that_is_gone_is_told_of_until_it_is_there_again(story: Story) -> None:
    project = story.registries.world.projects.pop(("pypi", "widgets"))
    for _ in range(3):
        story.look()
        story.later(10 * MINUTE)
    (alarm,) = story.alarms
    assert (alarm.state, alarm.title) == ("open", "Alarm: widgets on PyPI cannot be read, and is not watched")

    story.registries.world.projects["pypi", "widgets"] = project
    story.look()
    assert (alarm.state, standings(story)) == ("closed", {"1.0.0": None})


def test_of_a_fork_nothing_is_watched_that_the_policy_does_not_name(story: Story) -> None:
    files = {RELEASE: TRUSTED, "pyproject.toml": PROJECT.replace("widgets", "gadgets")}
    fork = story.acme.organisation.repository("gadgets", files)
    fork.state.parent = story.widgets.state
    story.do("check_branch", story.acme.id, fork.id, fork.full_name)
    assert list(WatchBook(story.acme.redis).of(RepositoryId(fork.id))) == []


def test_of_two_repositories_that_claim_a_package_one_account_is_enough(story: Story) -> None:
    copy = story.acme.organisation.repository("copy", {RELEASE: TRUSTED, "pyproject.toml": PROJECT})
    story.do("check_branch", story.acme.id, copy.id, copy.full_name)
    story.release("1.1.0")
    story.look()

    assert [claim.name for claim in WatchBook(story.acme.redis).claims(story.watch)] == ["acme/widgets", "acme/copy"]
    assert (standings(story)["1.1.0"], story.alarms) == (Standing.ACCOUNTED, [])


def test_where_the_central_repository_takes_no_issues_the_repository_itself_does(story: Story) -> None:
    story.security.state.has_issues = False
    story.publish("1.0.1", by="mallory")
    story.later(2 * MINUTE)
    story.look()
    assert len(story.widgets.issues) == 2


def test_without_the_permission_the_alarm_waits_and_nothing_is_lost(redis: Redis) -> None:
    with watched(redis, without=("issues",)) as story:
        story.publish("1.0.1", by="mallory")
        story.later(2 * MINUTE)
        story.look()
        assert (story.alarms, story.widgets.issues) == ([], [])
        story.acme.installation.permissions["issues"] = "write"
        JOBS["drop_token"](story.context, story.acme.id)
        story.later(TRY_AGAIN)
        story.tell()
        assert len(story.alarms) == 2


def test_a_repository_that_leaves_is_watched_no_more(story: Story) -> None:
    story.do("forget_repository", story.acme.id, story.widgets.id)
    assert list(WatchBook(story.acme.redis).all()) == []
    story.do("watch")


def test_an_announced_version_is_looked_for_each_half_minute(story: Story) -> None:
    book = WatchBook(story.acme.redis)
    story.do("watch_closely", story.acme.id, story.widgets.id)
    story.look()
    when = book.when(story.watch)
    assert when is not None
    assert when - story.time.now.timestamp() == pytest.approx(30, abs=1)

    story.release("1.1.0")
    story.later(MINUTE)
    story.look()
    assert book.announced(story.watch) is None


def test_what_a_run_may_have_sent_is_looked_for_when_it_is_over(story: Story, redis: Redis) -> None:
    story.publish("1.0.1", by="mallory")
    story.do("look_after_run", story.acme.id, story.widgets.id, ".github/workflows/tests.yml")
    assert redis.llen("rq:queue:check") == 0

    before = redis.llen("rq:queue:sweep")
    story.do("look_after_run", story.acme.id, story.widgets.id, RELEASE)
    assert redis.lrange("rq:queue:check", 0, -1) == [job_id(story.watch.work).encode()]
    assert redis.llen("rq:queue:sweep") == before + 1  # and what guards it is looked at
