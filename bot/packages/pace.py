"""How many versions of a package came in a short time: pure, by when each came."""

from collections.abc import Sequence
from datetime import timedelta

from bot.packages.publish_history import Observation


def find_bursts(
    observations: Sequence[Observation], max_versions: int, within: timedelta
) -> tuple[tuple[Observation, ...], ...]:
    """Return the runs of more than `most` versions that came within a time of each other, each run as long as it goes on.

    Only versions count of which the registry says when they came: others are seen by the dozen at one look. Tags of one image
    are one version, the first of them.
    """
    first: dict[str, Observation] = {}
    for each in sorted(
        (each for each in observations if each.version.published_at is not None),
        key=lambda each: each.published_or_seen_at,
    ):
        first.setdefault(_content_key(each), each)
    ordered = tuple(first.values())
    found: list[tuple[int, int]] = []
    start = 0
    for end, each in enumerate(ordered):
        while each.published_or_seen_at - ordered[start].published_or_seen_at > within:
            start += 1
        if end - start < max_versions:
            continue
        if found and found[-1][1] >= start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return tuple(tuple(ordered[first : last + 1]) for first, last in found)


def _content_key(observation: Observation) -> str:
    """Say what a version is: its only file's digest, or its number."""
    digests = [digest for file in observation.version.files for digest in file.digests.values()]
    return digests[0] if len(observation.version.files) == 1 and digests else observation.version.number
