"""Judges whether every publishing identity has an expiry date that has not passed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import ClassVar

from bot.checks.check import Rule, StricterWhen
from bot.identities import INVENTORY_QUERIES, PublishingIdentity, list_identities, may_hold_publishing_secrets
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Unknown
from bot.model.identity_register import DeclaredIdentity
from bot.settings import SettingsQuery
from bot.snapshot.repository_snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class UnexpiredIdentities(Rule):
    """Nothing can publish beyond its end, and everything has one.

    The end of a declared identity is the day in the register; a fine-grained token has its own.
    """

    name: ClassVar[RuleName] = RuleName("unexpired-identities")
    reads: ClassVar[frozenset[SettingsQuery]] = INVENTORY_QUERIES
    max_lifetime: timedelta = field(
        default=timedelta(days=366),
        metadata={"means": "How far ahead an identity's end may lie.", "stricter": StricterWhen.LOWER},
    )

    def applies(self, snapshot: Snapshot) -> bool:
        if not may_hold_publishing_secrets(snapshot):
            return False
        register = list_identities(snapshot)
        return bool(register.unknown) or any(_has_end(each) for each in register.identities)

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        register = list_identities(snapshot)
        yield from register.unknown
        day = snapshot.taken_at.date()
        for identity in register.identities:
            if identity.registries and set(identity.registries) <= set(self.allow):
                continue
            if identity.declared is not None:
                yield from self._declared_findings(identity, identity.declared, day)
            elif identity.token_owner is not None:
                yield from self._token_findings(identity, day)

    def _declared_findings(self, identity: PublishingIdentity, entry: DeclaredIdentity, day: date) -> Iterator[Finding]:
        if entry.expires <= day:
            yield Finding(
                location=identity.location,
                message=f"{identity.description} was to be gone by {entry.expires}, says {_register_entry(entry)}, and it still is there",
                fix=f"Revoke it; or let {entry.owner} say in the register why it is needed longer, and until when.",
                subject=identity.subject,
            )
        elif entry.expires - day > self.max_lifetime:
            yield Finding(
                location=identity.location,
                message=f"{identity.description} may stay until {entry.expires}, says {_register_entry(entry)}, and {self._limit_text()}",
                fix="Put a nearer day into the register, and renew it when the identity was looked at.",
                subject=identity.subject,
            )

    def _token_findings(self, identity: PublishingIdentity, day: date) -> Iterator[Finding]:
        end = identity.expires_at.date() if identity.expires_at else None
        if end is not None and end - day <= self.max_lifetime:
            return  # one that has ended does nothing any more
        yield Finding(
            location=identity.location,
            message=f"{identity.description} of {identity.token_owner} {f'lasts until {end}' if end else 'never ends'}, and {self._limit_text()}",
            fix=(
                f"Ask {identity.token_owner} for a token that ends sooner and reaches this repository alone, and revoke this one "
                "(the organization's Settings, Personal access tokens); the organization can set a maximum lifetime there."
            ),
            subject=identity.subject,
        )

    def _limit_text(self) -> str:
        return f"an end may be {self.max_lifetime.days} days ahead at most"


def _has_end(identity: PublishingIdentity) -> bool:
    return identity.declared is not None or identity.token_owner is not None


def _register_entry(entry: DeclaredIdentity) -> str:
    return f"{entry.origin}:{entry.line}" if entry.origin else "the register"
