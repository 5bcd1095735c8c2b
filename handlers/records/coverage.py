"""Whether a repository counts as evaluated, and if not, why: the same answer in the digest and on pages."""

from datetime import datetime, timedelta

from bot.github.github_app import InstallationRepository

STALE_AFTER = timedelta(days=2)  # a repository that no sweep reached for so long does not count as evaluated
NOT_SWEPT_YET = "no sweep has reached it yet"
ARCHIVED = "it is archived"


def reason_not_evaluated(
    repository: InstallationRepository, evaluated_at: datetime | None, last_error: str | None, now: datetime
) -> str | None:
    """Say why a repository does not count as evaluated; None where it does. `refused`: why the last look failed, if it did."""
    if repository.archived:
        return ARCHIVED
    if last_error is not None:
        return last_error
    if evaluated_at is None:
        return NOT_SWEPT_YET
    return None if now - evaluated_at < STALE_AFTER else f"it was not looked at since {evaluated_at.date()}"
