"""What monitoring hears of the watch."""

from dataclasses import replace

from redis import Redis

from handlers.config.settings import Settings
from tests.handlers.jobs.packages.watched_package import watched
from tests.handlers.web.running_receiver import Web


def test_monitoring_hears_what_is_watched_and_which_registry_is_away(
    redis_url: str, redis: Redis, settings: Settings
) -> None:
    with watched(redis) as story, Web(replace(settings, redis_url=redis_url)) as web:
        assert "wharfinger_watched_packages 1.0" in web.figures()
        assert 'unreachable_since_timestamp_seconds{registry="pypi"}' not in web.figures()
        story.registries.world.outage("pypi")
        story.look()
        assert 'wharfinger_registry_unreachable_since_timestamp_seconds{registry="pypi"}' in web.figures()
