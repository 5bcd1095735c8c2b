"""A round of the access review: when it begins, what it asks, and what was said in it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from bot.identities.publishing_identity import PublishingIdentity
from bot.identities.review_schedule import last_review, review_due, was_recreated
from bot.model.identity_register import AccessReview, AccessReviews

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
