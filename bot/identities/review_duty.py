"""Computes who has to answer for an identity in an access review, when they are reminded, and what is overdue."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum

from bot.identities.publishing_identity import REVIEW_NOTICE, PublishingIdentity, last_review, review_due, was_recreated
from bot.model.identity_register import AccessReviews, IdentityKind
from bot.settings import Organization


class ReviewStep(IntEnum):
    """How far a round is that nobody answers; each step is written once."""

    ASKED = 0
    REMINDED = 1
    REMINDED_AGAIN = 2
    ESCALATED = 3  # to the owner's team and the security team


def review_step(began_on: date, today: date, every: timedelta) -> ReviewStep:
    """Return the step of a round on a day: after 7, 14 and 21 days, and sooner where reviews are frequent."""
    notice = min(REVIEW_NOTICE, every / 4)
    return max(step for step in ReviewStep if today - began_on >= notice / ReviewStep.ESCALATED * step)


@dataclass(frozen=True, slots=True)
class ReviewPeople:
    """Who can be asked. The organization is None where its people are not known; then nobody is taken to have left."""

    organization: Organization | None
    security_team: str | None = None  # "@organization/team"

    def exists(self, name: str) -> bool:
        """Whether "@login" is a member or "@organization/team" has one; True where that is not known."""
        if self.organization is None:
            return True
        login, _, team = name.removeprefix("@").partition("/")
        return bool(self._members(name)) if team else self.organization.has_member(login)

    def includes(self, name: str, login: str) -> bool:
        """Whether a login is "@login", or is known to be in "@organization/team"."""
        if "/" not in name:
            return name.removeprefix("@").casefold() == login.casefold()
        return login.casefold() in {member.casefold() for member in self._members(name)}

    def _members(self, team_name: str) -> frozenset[str]:
        organization, _, team = team_name.removeprefix("@").partition("/")
        if self.organization is None or organization.casefold() != self.organization.login.casefold():
            return frozenset()
        found = self.organization.team(team)
        return frozenset(found.members) if found else frozenset()

    def responsible(self, identity: PublishingIdentity) -> str | None:
        """Return who answers for an identity: its owner, else the team in the owner's place, else the security team."""
        team = identity.declared.team if identity.declared else None
        return next((each for each in (identity.owner, team, self.security_team) if each and self.exists(each)), None)

    def entitled(self, identity: PublishingIdentity) -> tuple[str, ...]:
        """Return all who may answer for an identity beside administrators; an owner who left is not among them."""
        team = identity.declared.team if identity.declared else None
        named = (identity.owner, team, self.security_team)
        return tuple(dict.fromkeys(each for each in named if each and self.exists(each)))


@dataclass(frozen=True, slots=True)
class UnreviewedIdentity:
    """An identity whose releases wait: its review is overdue, or it was dropped and is still there."""

    identity: PublishingIdentity
    reason: str  # a clause: "its review was due on 2026-11-01"
    rejected: bool = False


RELEASING_KINDS = (IdentityKind.SECRET, IdentityKind.PUBLISHER)  # that a publish job authenticates with


def unreviewed_identities(
    identities: Iterable[PublishingIdentity], reviews: AccessReviews, every: timedelta, now: datetime
) -> Iterator[UnreviewedIdentity]:
    """Yield the identities of releases that nobody confirmed in time."""
    for identity in identities:
        if identity.kind not in RELEASING_KINDS:
            continue
        last = last_review(identity, reviews)
        if last is not None and not last.keep and not was_recreated(identity, reviews):
            yield UnreviewedIdentity(
                identity, f"@{last.reviewer} rejected it on {last.reviewed_at.date()}", rejected=True
            )
        elif (due := review_due(identity, reviews, every)) < now:
            yield UnreviewedIdentity(identity, f"its review was due on {due.date()}")
