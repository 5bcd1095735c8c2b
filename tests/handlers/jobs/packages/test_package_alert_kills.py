"""The watch under kills: at whatever moment a worker dies, each version is told of once, and none is lost."""

import random
from datetime import UTC, datetime

import pytest
from redis import Redis

from handlers.queue.enqueue import enqueue
from handlers.records.watch_store import WatchStore
from tests.app.acme import TOKEN_KEY
from tests.app.app_worker import WorkerStarter
from tests.handlers.jobs.packages.watched_package import watched_package_scenario
from tests.handlers.jobs.test_repository_issue_kills import kill, work_it_off


def kill_and_recover(redis_url: str, redis: Redis, points: list[int]) -> None:
    """Let a worker die at each point while it looks at a version that came with a stolen token."""
    with watched_package_scenario(redis) as story:
        github, addresses = story.acme.github, story.registries.addresses
        employer = WorkerStarter(
            redis_url, github.base_url, github.app.id, github.private_key, TOKEN_KEY, str(story.acme.data), addresses
        )
        numbers = [f"1.0.{place}" for place, _ in enumerate(points, 1)]
        for number, point in zip(numbers, points, strict=True):
            story.publish(number, by="mallory", published=datetime.now(UTC))
            enqueue(redis, [story.watched_package.job])
            kill(employer, point)
        work_it_off(redis, employer)

        assert WatchStore(story.acme.records).get_state(story.watched_package).observed is not None
        told = "".join(
            issue.body or "" for issue in story.alert_issues if str(issue.title).startswith("Publisher changed")
        )
        assert [told.count(f"- {number.replace('.', '&#46;', 1)} has no provenance") for number in numbers] == [
            1
        ] * len(numbers)
        assert len({issue.title for issue in story.alert_issues}) == len(story.alert_issues)


def test_a_kill_at_any_moment_loses_no_version_and_tells_none_twice(redis_url: str, redis: Redis) -> None:
    kill_and_recover(redis_url, redis, sorted(random.Random(7).sample(range(6, 40), 2)))  # noqa: S311 - the same two each time


@pytest.mark.soak
def test_sixty_kills_lose_no_version_and_tell_none_twice(redis_url: str, redis: Redis) -> None:
    for _ in range(12):
        redis.flushall()
        kill_and_recover(redis_url, redis, random.sample(range(4, 40), 5))
