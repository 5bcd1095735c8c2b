"""When an identity was last reviewed, and when its next review is due."""

from datetime import datetime, timedelta

from bot.declared import Review, Reviews
from bot.identities.model import Identity


def last_review(identity: Identity, reviews: Reviews) -> Review | None:
    """Return the latest word on an identity; GitHub's names have no case."""
    mine = [each for each in reviews.reviews if _is_of(each, identity)]
    return max(mine, key=lambda each: each.at, default=None)


def review_due(identity: Identity, reviews: Reviews, every: timedelta) -> datetime:
    """Return when its review is due: a period after the last one, after it was made, and after the first look."""
    last = last_review(identity, reviews)
    known = [moment for moment in (identity.created_at, last.at if last else None) if moment is not None]
    return max([reviews.began, *known]) + every


def _is_of(review: Review, identity: Identity) -> bool:
    return (
        (review.kind, review.name.casefold(), review.holder.casefold())
        == (identity.kind, identity.name.casefold(), identity.holder.casefold())
        and (review.environment or "").casefold() == (identity.environment or "").casefold()
        and review.workflow == identity.workflow
    )
