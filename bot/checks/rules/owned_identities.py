"""The rule owned-identities: somebody answers for everything that can publish."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.rule import Rule, Stricter
from bot.identities import OBSERVED, Identity, concerns, observe
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, Unseen
from bot.model.identity_register import IdentityKind
from bot.settings import Read
from bot.snapshot.repository_snapshot import Snapshot

NO_REGISTER = Unseen(
    "the organisation's register of identities",
    "no policy was given that declares any for this checkout; give it with --policy",
)

# A fine-grained token is a person's anyway; the policy may ask for an entry all the same.
USUAL = (IdentityKind.SECRET, IdentityKind.PUBLISHER, IdentityKind.DEPLOY_KEY, IdentityKind.APP)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedIdentities(Rule):
    """Everything that can publish is in the register, with an owner, a purpose and an end.

    What nobody answers for, nobody takes away.
    """

    name: ClassVar[RuleName] = RuleName("owned-identities")
    reads: ClassVar[frozenset[Read]] = OBSERVED - {Read.TOKENS}  # which are not among the usual kinds
    severity: Severity = field(
        default=Severity.MEDIUM, metadata={"means": "How bad a finding of this rule is.", "stricter": Stricter.HIGHER}
    )
    kinds: tuple[IdentityKind, ...] = field(
        default=USUAL,
        metadata={"means": "Which kinds of identities need an entry in the register.", "stricter": Stricter.MORE},
    )

    def applies(self, snapshot: Snapshot) -> bool:
        if not concerns(snapshot):
            return False
        register = observe(snapshot, self.kinds)
        return bool(register.identities or register.unseen)

    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
        register = observe(snapshot, self.kinds)
        yield from register.unseen
        if not snapshot.declared and isinstance(snapshot.holdings.repository, Unseen):
            yield NO_REGISTER  # a checkout does not come with its organisation's policy
            return
        for identity in register.identities:
            allowed = bool(identity.registries) and set(identity.registries) <= set(self.allow)
            if identity.declared is None and not allowed:
                yield _finding(identity)


def _finding(identity: Identity) -> Finding:
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
        place=identity.place,
        message=f"{identity.words} can publish, and nobody answers for it: it is not in the register",
        fix=(
            f"Add it to `identities` in the organisation's policy, with owner, purpose and expires ({entry}); "
            "or revoke it, if nobody wants to."
        ),
        about=identity.about,
    )
