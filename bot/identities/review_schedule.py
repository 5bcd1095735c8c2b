"""When an identity was last reviewed, and when its next review is due."""

from datetime import datetime, timedelta

from bot.identities.publishing_identity import PublishingIdentity
from bot.model.identity_register import AccessReview, AccessReviews


def last_review(identity: PublishingIdentity, reviews: AccessReviews) -> AccessReview | None:
    """Return the latest word on an identity; GitHub's names have no case."""
    mine = [each for each in reviews.reviews if _is_about(each, identity)]
    return max(mine, key=lambda each: each.reviewed_at, default=None)


def was_recreated(identity: PublishingIdentity, reviews: AccessReviews) -> bool:
    """Whether it was dropped, and made anew since then."""
    last, made = last_review(identity, reviews), identity.created_at
    return last is not None and not last.keep and made is not None and made > last.reviewed_at


def review_due(identity: PublishingIdentity, reviews: AccessReviews, every: timedelta) -> datetime:
    """Return when its review is due: a period after the last one, after it was made, and after the first look.

    What was dropped and came back is due at once.
    """
    if was_recreated(identity, reviews) and identity.created_at is not None:
        return identity.created_at
    last = last_review(identity, reviews)
    known = [moment for moment in (identity.created_at, last.reviewed_at if last else None) if moment is not None]
    return max([reviews.started_at, *known]) + every


def _is_about(review: AccessReview, identity: PublishingIdentity) -> bool:
    return (
        (review.kind, review.name.casefold(), review.holder.casefold())
        == (identity.kind, identity.name.casefold(), identity.holder.casefold())
        and (review.environment or "").casefold() == (identity.environment or "").casefold()
        and review.workflow == identity.workflow
    )
