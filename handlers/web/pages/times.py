"""Days and times as pages say them: UTC, and how long that is ago."""

from datetime import UTC, date, datetime

MINUTE, HOUR, DAY, MONTH, YEAR = 60, 3600, 86_400, 30.44 * 86_400, 365.25 * 86_400  # seconds
STEPS = ((YEAR, "year"), (MONTH, "month"), (DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"))


def format_time(at: datetime) -> str:
    """Say a moment: `2026-11-24 08:00 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def relative_time(at: datetime | date, now: datetime) -> str:
    """Say how long something is past, or how far off, in its largest whole step: `3 hours ago`, `in 2 days`."""
    if not isinstance(at, datetime):
        days = (at - now.date()).days
        return "today" if days == 0 else _largest_unit(abs(days) * DAY, ahead=days > 0)
    seconds = (at - now).total_seconds()
    return "just now" if abs(seconds) < MINUTE else _largest_unit(abs(seconds), ahead=seconds > 0)


def _largest_unit(seconds: float, *, ahead: bool) -> str:
    size, word = next(step for step in STEPS if seconds >= step[0])
    number = int(seconds // size)
    told = f"{number} {word}{'' if number == 1 else 's'}"
    return f"in {told}" if ahead else f"{told} ago"


def format_day(at: date | datetime | None) -> str:
    """Say a day; a dash where there is none."""
    return "-" if at is None else f"{at:%Y-%m-%d}"
