"""New versions on a registry, told from one another: what accounts for one, and what raises an alarm."""

from collections.abc import Iterator

import pytest
from redis import Redis

from tests.alarms.story import MINUTE, Story, watched


@pytest.fixture
def story(redis: Redis) -> Iterator[Story]:
    with watched(redis) as story:
        yield story


def test_what_was_there_before_is_history(story: Story) -> None:
    assert story.alarms == []


def test_a_version_of_a_stolen_token_is_an_alarm(story: Story) -> None:
    story.publish("1.0.1", by="mallory")
    story.later(2 * MINUTE)
    story.look()
    for each in story.alarms:
        print(each.title)
        print(each.body)
    assert len(story.alarms) == 2
