"""The rule reviewed-access: who and what can publish is confirmed again and again by somebody who may."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from bot.checks.rule import Rule, Stricter
from bot.identities import (
    OBSERVED,
    Identity,
    came_back,
    concerns,
    last_review,
    observe,
    review_due,
)
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, Unseen
from bot.model.identity_register import Review
from bot.settings import Read
from bot.snapshot.repository_snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedAccess(Rule):
    """Everything that can publish was confirmed in a review not long ago.

    Wharfinger opens an issue on the day; ticked boxes are the review. What was dropped in it has to go.
    """

    name: ClassVar[RuleName] = RuleName("reviewed-access")
    reads: ClassVar[frozenset[Read]] = OBSERVED
    severity: Severity = field(
        default=Severity.MEDIUM, metadata={"means": "How bad a finding of this rule is.", "stricter": Stricter.HIGHER}
    )
    every: timedelta = field(
        default=timedelta(days=180),
        metadata={"means": "How long after a review the next one is due.", "stricter": Stricter.LOWER},
    )

    def applies(self, snapshot: Snapshot) -> bool:
        if not concerns(snapshot):
            return False
        register = observe(snapshot)
        return bool(register.identities or register.unseen)

    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
        register = observe(snapshot)
        yield from register.unseen
        if isinstance(snapshot.reviews, Unseen):
            yield snapshot.reviews
            return
        for identity in register.identities:
            if identity.registries and set(identity.registries) <= set(self.allow):
                continue
            last = last_review(identity, snapshot.reviews.value)
            if last is not None and not last.kept:
                yield _dropped(
                    identity,
                    last,
                    "is there again" if came_back(identity, snapshot.reviews.value) else "still is there",
                )
                continue
            due = review_due(identity, snapshot.reviews.value, self.every)
            if due < snapshot.taken_at:
                yield _overdue(identity, last, due)


def _dropped(identity: Identity, review: Review, so: str) -> Finding:
    return Finding(
        place=identity.place,
        message=f"{identity.words} was dropped by @{review.by} in the review of {review.at.date()}, and it {so}",
        fix="Revoke it as its revocation list says; if it is needed after all, confirm it in the issue of the review.",
        about=identity.about,
    )


def _overdue(identity: Identity, last: Review | None, due: datetime) -> Finding:
    before = f"was last confirmed on {last.at.date()} by @{last.by}" if last else "was never confirmed in a review"
    owner = f"{identity.owner}, who answers for it," if identity.owner else "somebody who knows it"
    return Finding(
        place=identity.place,
        message=f"{identity.words} {before}; that was due on {due.date()}",
        fix=f"Let {owner} confirm or drop it in the issue of the access review.",
        about=identity.about,
    )
