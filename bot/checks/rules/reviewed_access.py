"""Judges whether every publishing identity was confirmed in a recent access review."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from bot.checks.check import Rule, StricterWhen
from bot.identities import (
    INVENTORY_QUERIES,
    PublishingIdentity,
    last_review,
    list_identities,
    may_hold_publishing_secrets,
    review_due,
    was_recreated,
)
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, Unknown
from bot.model.identity_register import AccessReview
from bot.settings import SettingsQuery
from bot.snapshot.repository_snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedAccess(Rule):
    """Each publishing identity was confirmed in a recent access review.

    Wharfinger opens an issue when the review is due, and its boxes are the review.
    """

    name: ClassVar[RuleName] = RuleName("reviewed-access")
    reads: ClassVar[frozenset[SettingsQuery]] = INVENTORY_QUERIES | {SettingsQuery.ORGANIZATION}  # who can be asked
    severity: Severity = field(
        default=Severity.MEDIUM,
        metadata={"means": "How bad a finding of this rule is.", "stricter": StricterWhen.HIGHER},
    )
    review_interval: timedelta = field(
        default=timedelta(days=180),
        metadata={"means": "How long after a review the next one is due.", "stricter": StricterWhen.LOWER},
    )

    def applies(self, snapshot: Snapshot) -> bool:
        if not may_hold_publishing_secrets(snapshot):
            return False
        register = list_identities(snapshot)
        return bool(register.identities or register.unknown)

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        register = list_identities(snapshot)
        yield from register.unknown
        if isinstance(snapshot.reviews, Unknown):
            yield snapshot.reviews
            return
        for identity in register.identities:
            if identity.registries and set(identity.registries) <= set(self.allow):
                continue
            last = last_review(identity, snapshot.reviews.value)
            if last is not None and not last.keep:
                yield _rejected_finding(
                    identity,
                    last,
                    "exists again" if was_recreated(identity, snapshot.reviews.value) else "still exists",
                )
                continue
            due = review_due(identity, snapshot.reviews.value, self.review_interval)
            if due < snapshot.taken_at:
                yield _overdue_finding(identity, last, due)


def _rejected_finding(identity: PublishingIdentity, review: AccessReview, state: str) -> Finding:
    return Finding(
        location=identity.location,
        message=f"{identity.description} {state} although @{review.reviewer} rejected it in the review of {review.reviewed_at.date()}",
        fix="Revoke it by its revocation checklist. If it is still needed, confirm it in the review issue.",
        subject=identity.subject,
    )


def _overdue_finding(identity: PublishingIdentity, last: AccessReview | None, due: datetime) -> Finding:
    before = (
        f"was last confirmed on {last.reviewed_at.date()} by @{last.reviewer}"
        if last
        else "was never confirmed in an access review"
    )
    owner = identity.owner or "someone who knows it"
    return Finding(
        location=identity.location,
        message=f"{identity.description} {before}, and its review was due on {due.date()}",
        fix=f"Let {owner} confirm or reject it in the access review issue.",
        subject=identity.subject,
    )
