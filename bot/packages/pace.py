"""How many versions of a package came in a short time: pure, by when each came."""

from collections.abc import Sequence
from datetime import timedelta

from bot.packages.publish_history import Sighting


def bursts(sightings: Sequence[Sighting], most: int, within: timedelta) -> tuple[tuple[Sighting, ...], ...]:
    """Return the runs of more than `most` versions that came within a time of each other, each run as long as it goes on.

    Only versions count of which the registry says when they came: others are seen by the dozen at one look. Tags of one image
    are one version, the first of them.
    """
    first: dict[str, Sighting] = {}
    for each in sorted((each for each in sightings if each.version.published is not None), key=lambda each: each.at):
        first.setdefault(_content(each), each)
    ordered = tuple(first.values())
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


def _content(sighting: Sighting) -> str:
    """Say what a version is: its only file's digest, or its number."""
    digests = [digest for file in sighting.version.files for digest in file.digests.values()]
    return digests[0] if len(sighting.version.files) == 1 and digests else sighting.version.number
