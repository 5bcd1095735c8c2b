"""Whether a repository counts as evaluated, and if not, why: the same answer in the digest and on pages."""

from datetime import datetime, timedelta

from bot.github.github_app import ListedRepository

STALE = timedelta(days=2)  # a repository that no sweep reached for so long does not count as evaluated
NOT_YET = "no sweep has reached it yet"
ARCHIVED = "it is archived"


def not_evaluated(
    listed: ListedRepository, judged_at: datetime | None, refused: str | None, now: datetime
) -> str | None:
    """Say why a repository does not count as evaluated; None where it does. `refused`: why the last look failed, if it did."""
    if listed.archived:
        return ARCHIVED
    if refused is not None:
        return refused
    if judged_at is None:
        return NOT_YET
    return None if now - judged_at < STALE else f"it was not looked at since {judged_at.date()}"
