"""The rule unexpired-identities: nothing can publish beyond the end that was set for it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import ClassVar

from bot.checks.rule import Rule, Stricter
from bot.identities import OBSERVED, Identity, concerns, observe
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Unseen
from bot.model.identity_register import DeclaredIdentity
from bot.settings import Read
from bot.snapshot.repository_snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class UnexpiredIdentities(Rule):
    """Nothing can publish beyond its end, and everything has one.

    The end of a declared identity is the day in the register; a fine-grained token has its own.
    """

    name: ClassVar[RuleName] = RuleName("unexpired-identities")
    reads: ClassVar[frozenset[Read]] = OBSERVED
    maximum_lifetime: timedelta = field(
        default=timedelta(days=366),
        metadata={"means": "How far ahead an identity's end may lie.", "stricter": Stricter.LOWER},
    )

    def applies(self, snapshot: Snapshot) -> bool:
        if not concerns(snapshot):
            return False
        register = observe(snapshot)
        return bool(register.unseen) or any(_has_end(each) for each in register.identities)

    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
        register = observe(snapshot)
        yield from register.unseen
        day = snapshot.taken_at.date()
        for identity in register.identities:
            if identity.registries and set(identity.registries) <= set(self.allow):
                continue
            if identity.declared is not None:
                yield from self._declared(identity, identity.declared, day)
            elif identity.held_by is not None:
                yield from self._token(identity, day)

    def _declared(self, identity: Identity, entry: DeclaredIdentity, day: date) -> Iterator[Finding]:
        if entry.expires <= day:
            yield Finding(
                place=identity.place,
                message=f"{identity.words} was to be gone by {entry.expires}, says {_entry(entry)}, and it still is there",
                fix=f"Revoke it; or let {entry.owner} say in the register why it is needed longer, and until when.",
                about=identity.about,
            )
        elif entry.expires - day > self.maximum_lifetime:
            yield Finding(
                place=identity.place,
                message=f"{identity.words} may stay until {entry.expires}, says {_entry(entry)}, and {self._most()}",
                fix="Put a nearer day into the register, and renew it when the identity was looked at.",
                about=identity.about,
            )

    def _token(self, identity: Identity, day: date) -> Iterator[Finding]:
        end = identity.expires_at.date() if identity.expires_at else None
        if end is not None and end - day <= self.maximum_lifetime:
            return  # one that has ended does nothing any more
        yield Finding(
            place=identity.place,
            message=f"{identity.words} of {identity.held_by} {f'lasts until {end}' if end else 'never ends'}, and {self._most()}",
            fix=(
                f"Ask {identity.held_by} for a token that ends sooner and reaches this repository alone, and revoke this one "
                "(the organisation's Settings, Personal access tokens); the organisation can set a maximum lifetime there."
            ),
            about=identity.about,
        )

    def _most(self) -> str:
        return f"an end may be {self.maximum_lifetime.days} days ahead at most"


def _has_end(identity: Identity) -> bool:
    return identity.declared is not None or identity.held_by is not None


def _entry(entry: DeclaredIdentity) -> str:
    return f"{entry.origin}:{entry.line}" if entry.origin else "the register"
