"""A round of the access review: when it begins, what it asks, and what was said in it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from bot.identities.publishing_identity import Identity
from bot.identities.review_schedule import came_back, last_review, review_due
from bot.model.identity_register import Review, Reviews

NOTICE = timedelta(days=14)  # how long before the first identity is overdue its owner is asked; short periods have less


def is_due(identities: Iterable[Identity], reviews: Reviews, every: timedelta, now: datetime) -> bool:
    """Whether a round is to begin: something is due soon, or overdue. What was dropped is not asked for again."""
    soon = now + min(NOTICE, every / 4)
    return any(review_due(each, reviews, every) <= soon for each in identities if not _is_dropped(each, reviews))


def asked_in(identities: Iterable[Identity], reviews: Reviews, every: timedelta, day: date) -> tuple[Identity, ...]:
    """Return what a round asks that began on a day: all that was due within half a period from then, the first due first.

    So everything is looked at together, and what was looked at lately is left in peace. What is said in the round does not
    change what it asks.
    """
    before = replace(reviews, reviews=tuple(each for each in reviews.reviews if each.at.date() < day))
    until = datetime.combine(day, time.max, UTC) + every / 2
    due = [(review_due(each, before, every), each.key, each) for each in identities if not _is_dropped(each, before)]
    return tuple(each for at, _, each in sorted(due, key=lambda one: one[:2]) if at <= until)


def said_in(identity: Identity, reviews: Reviews, day: date) -> Review | None:
    """Return what was said of an identity in the round that began on a day."""
    last, back = last_review(identity, reviews), came_back(identity, reviews)
    return last if last is not None and last.at.date() >= day and not back else None


def _is_dropped(identity: Identity, reviews: Reviews) -> bool:
    last = last_review(identity, reviews)
    return last is not None and not last.kept and not came_back(identity, reviews)
