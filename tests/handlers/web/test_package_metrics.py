"""What monitoring hears of the watch."""

from dataclasses import replace

from redis import Redis

from handlers.config.settings import Settings
from tests.handlers.jobs.packages.watched_package import watched_package_scenario
from tests.handlers.web.running_receiver import RunningReceiver


def test_monitoring_hears_what_is_watched_and_which_registry_is_away(redis: Redis, settings: Settings) -> None:
    with (
        watched_package_scenario(redis) as story,
        RunningReceiver(replace(settings, database_url=story.acme.records.url)) as web,
    ):
        assert "wharfinger_watched_packages 1.0" in web.metrics()
        assert 'unreachable_since_timestamp_seconds{registry="pypi"}' not in web.metrics()
        story.registries.world.outage("pypi")
        story.observe_registry()
        assert 'wharfinger_registry_unreachable_since_timestamp_seconds{registry="pypi"}' in web.metrics()
