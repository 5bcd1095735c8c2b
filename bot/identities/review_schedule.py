"""Computes when access reviews are due, and which identities each review includes."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

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


REVIEW_NOTICE = timedelta(
    days=14
)  # how long before the first identity is overdue its owner is asked; short periods have less


def is_round_due(
    identities: Iterable[PublishingIdentity], reviews: AccessReviews, every: timedelta, now: datetime
) -> bool:
    """Whether a round is to begin: something is due soon, or overdue. What was dropped is not asked for again."""
    soon = now + min(REVIEW_NOTICE, every / 4)
    return any(review_due(each, reviews, every) <= soon for each in identities if not _was_rejected(each, reviews))


def identities_in_round(
    identities: Iterable[PublishingIdentity], reviews: AccessReviews, every: timedelta, day: date
) -> tuple[PublishingIdentity, ...]:
    """Return what a round asks that began on a day: all that was due within half a period from then, the first due first.

    So everything is looked at together, and what was looked at lately is left in peace. What is said in the round does not
    change what it asks.
    """
    before = replace(reviews, reviews=tuple(each for each in reviews.reviews if each.reviewed_at.date() < day))
    until = datetime.combine(day, time.max, UTC) + every / 2
    due = [(review_due(each, before, every), each.key, each) for each in identities if not _was_rejected(each, before)]
    return tuple(each for at, _, each in sorted(due, key=lambda one: one[:2]) if at <= until)


def answer_in_round(identity: PublishingIdentity, reviews: AccessReviews, day: date) -> AccessReview | None:
    """Return what was said of an identity in the round that began on a day."""
    last, back = last_review(identity, reviews), was_recreated(identity, reviews)
    return last if last is not None and last.reviewed_at.date() >= day and not back else None


def _was_rejected(identity: PublishingIdentity, reviews: AccessReviews) -> bool:
    last = last_review(identity, reviews)
    return last is not None and not last.keep and not was_recreated(identity, reviews)
