"""When an identity was last reviewed, and when its next review is due."""

from datetime import datetime, timedelta

from bot.identities.publishing_identity import Identity
from bot.model.identity_register import Review, Reviews


def last_review(identity: Identity, reviews: Reviews) -> Review | None:
    """Return the latest word on an identity; GitHub's names have no case."""
    mine = [each for each in reviews.reviews if _is_of(each, identity)]
    return max(mine, key=lambda each: each.at, default=None)


def came_back(identity: Identity, reviews: Reviews) -> bool:
    """Whether it was dropped, and made anew since then."""
    last, made = last_review(identity, reviews), identity.created_at
    return last is not None and not last.kept and made is not None and made > last.at


def review_due(identity: Identity, reviews: Reviews, every: timedelta) -> datetime:
    """Return when its review is due: a period after the last one, after it was made, and after the first look.

    What was dropped and came back is due at once.
    """
    if came_back(identity, reviews) and identity.created_at is not None:
        return identity.created_at
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
