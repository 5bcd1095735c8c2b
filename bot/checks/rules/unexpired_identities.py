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
    """Each publishing identity expires, and no expired one still exists.

    The register holds the expiry date of a declared identity. A fine-grained token has its own.
    """

    name: ClassVar[RuleName] = RuleName("unexpired-identities")
    reads: ClassVar[frozenset[SettingsQuery]] = INVENTORY_QUERIES
    max_lifetime: timedelta = field(
        default=timedelta(days=366),
        metadata={"means": "How far ahead the expiry date of an identity may be.", "stricter": StricterWhen.LOWER},
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
                message=f"{identity.description} still exists although it expired on {entry.expires} ({_register_entry(entry)})",
                fix=f"Revoke it. If it is still needed, let {entry.owner} set a later `expires` in the register.",
                subject=identity.subject,
            )
        elif entry.expires - day > self.max_lifetime:
            yield Finding(
                location=identity.location,
                message=f"{identity.description} expires on {entry.expires} ({_register_entry(entry)}), but {self._limit_text()}",
                fix="Set an earlier `expires`, and extend it after each review.",
                subject=identity.subject,
            )

    def _token_findings(self, identity: PublishingIdentity, day: date) -> Iterator[Finding]:
        end = identity.expires_at.date() if identity.expires_at else None
        if end is not None and end - day <= self.max_lifetime:
            return  # one that has ended does nothing any more
        yield Finding(
            location=identity.location,
            message=f"{identity.description} of {identity.token_owner} {f'expires on {end}' if end else 'never expires'}, but {self._limit_text()}",
            fix=(
                f"Ask {identity.token_owner} for a token that expires earlier and reaches only this repository. Then revoke this one in "
                "the organization's Settings, Personal access tokens."
            ),
            subject=identity.subject,
        )

    def _limit_text(self) -> str:
        return f"the policy allows at most {self.max_lifetime.days} days"


def _has_end(identity: PublishingIdentity) -> bool:
    return identity.declared is not None or identity.token_owner is not None


def _register_entry(entry: DeclaredIdentity) -> str:
    return f"{entry.origin}:{entry.line}" if entry.origin else "the register"
