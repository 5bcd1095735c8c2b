"""What it costs a registry that a package is watched: requests and bytes in a day with one release, counted at the stand-ins."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from bot.model.core_types import RegistryId
from bot.packages.versions import FetchedListing, UnchangedListing
from tests.bot.packages.clients.registry_scenario import NAMES, RegistryScenario, fake_registries, number, reset

DAY = timedelta(days=1)
INTERVALS = (timedelta(minutes=5), timedelta(minutes=10))
AIM = 12  # requests in an hour
HISTORY = 50  # versions that were there before


def figures() -> Iterator[dict[str, Any]]:
    with fake_registries() as story:
        for interval in INTERVALS:
            asked = {registry: _day(story, registry, interval) for registry in NAMES}
            hourly = {registry: round(requests / 24, 2) for registry, (requests, _) in asked.items()}
            yield {
                "figure": f"requests per watched package per hour, asked every {interval.total_seconds() / 60:.0f} minutes",
                "mean": round(sum(hourly.values()) / len(hourly), 2),
                "worst": max(hourly.values()),
                "aim": f"<= {AIM}",
                "by registry": hourly,
                "kB per hour": {registry: round(size / 24 / 1000, 1) for registry, (_, size) in asked.items()},
            }


def _day(story: RegistryScenario, registry: str, interval: timedelta) -> tuple[int, int]:
    """Count what one day takes, after the first reading: the requests, and the bytes of their answers."""
    reset(story)
    world, name = story.registries.world, NAMES[registry]
    for minor in range(2, HISTORY):
        world.publish(registry, name, number(registry, f"1.{minor}.0"), by="alice")
    known = story.known(registry)
    before, sent, times = story.client.request_counts[RegistryId(registry)], story.registries.sent, DAY // interval
    for turn in range(1, times + 1):
        if turn == times // 2:
            world.publish(registry, name, number(registry, "2.0.0"), by="alice")
        reading = story.read(registry, known, after=turn * interval)
        assert isinstance(reading, FetchedListing | UnchangedListing)
        known = reading.fetched if isinstance(reading, UnchangedListing) else reading
    return story.client.request_counts[RegistryId(registry)] - before, story.registries.sent - sent
