"""Judges whether the register gives every publishing identity an owner, a purpose and an expiry date."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.check import Rule, StricterWhen
from bot.identities import INVENTORY_QUERIES, PublishingIdentity, list_identities, may_hold_publishing_secrets
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, Unknown
from bot.model.identity_register import IdentityKind
from bot.settings import SettingsQuery
from bot.snapshot.repository_snapshot import Snapshot

NO_REGISTER = Unknown(
    "the organization's register of identities",
    "no policy with a register was given; pass it with --policy",
)

# A fine-grained token is a person's anyway; the policy may ask for an entry all the same.
DEFAULT_KINDS = (IdentityKind.SECRET, IdentityKind.PUBLISHER, IdentityKind.DEPLOY_KEY, IdentityKind.APP)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedIdentities(Rule):
    """Each publishing identity has an owner, a purpose and an expiry date.

    The register in the policy holds them. Nobody revokes a credential that nobody owns.
    """

    name: ClassVar[RuleName] = RuleName("owned-identities")
    reads: ClassVar[frozenset[SettingsQuery]] = INVENTORY_QUERIES - {
        SettingsQuery.FINE_GRAINED_TOKENS
    }  # which are not among the usual kinds
    severity: Severity = field(
        default=Severity.MEDIUM,
        metadata={"means": "How bad a finding of this rule is.", "stricter": StricterWhen.HIGHER},
    )
    kinds: tuple[IdentityKind, ...] = field(
        default=DEFAULT_KINDS,
        metadata={"means": "Which kinds of identities need an entry in the register.", "stricter": StricterWhen.MORE},
    )

    def applies(self, snapshot: Snapshot) -> bool:
        if not may_hold_publishing_secrets(snapshot):
            return False
        register = list_identities(snapshot, self.kinds)
        return bool(register.identities or register.unknown)

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        register = list_identities(snapshot, self.kinds)
        yield from register.unknown
        if not snapshot.declared_identities and isinstance(snapshot.settings.repository, Unknown):
            yield NO_REGISTER  # a checkout does not come with its organization's policy
            return
        for identity in register.identities:
            allowed = bool(identity.registries) and set(identity.registries) <= set(self.allow)
            if identity.declared is None and not allowed:
                yield _finding(identity)


def _finding(identity: PublishingIdentity) -> Finding:
    entry = ", ".join(
        f"{key}: {value}"
        for key, value in (
            (identity.kind.value, identity.name),
            ("in", identity.holder),
            ("environment", identity.environment),
            ("workflow", identity.workflow),
        )
        if value
    )
    return Finding(
        location=identity.location,
        message=f"{identity.description} can publish but has no owner, because it is not in the register",
        fix=(
            f"Add it to `identities` in the organization's policy with an owner, a purpose and an expiry date ({entry}). If nobody "
            "wants to own it, revoke it."
        ),
        subject=identity.subject,
    )
