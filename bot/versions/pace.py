"""How many versions of a package came in a short time: pure, by when each came."""

from collections.abc import Sequence
from datetime import timedelta

from bot.versions.watched import Sighting


def bursts(sightings: Sequence[Sighting], most: int, within: timedelta) -> tuple[tuple[Sighting, ...], ...]:
    """Return the runs of more than `most` versions that came within a time of each other, each run as long as it goes on.

    Only versions count of which the registry says when they came: others are seen by the dozen at one look.
    """
    ordered = sorted((each for each in sightings if each.version.published is not None), key=lambda each: each.at)
    found: list[tuple[int, int]] = []
    start = 0
    for end, each in enumerate(ordered):
        while each.at - ordered[start].at > within:
            start += 1
        if end - start < most:
            continue
        if found and found[-1][1] >= start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return tuple(tuple(ordered[first : last + 1]) for first, last in found)
