"""The register's entries for which nothing is there: what was revoked, or never was."""

from typing import Any

from bot.identities.publishing_identity import Register
from bot.model.findings import Seen, Unseen
from bot.model.identity_register import DeclaredIdentity, IdentityKind
from bot.snapshot.repository_snapshot import Snapshot


def absent(register: Register, snapshot: Snapshot) -> tuple[DeclaredIdentity, ...]:
    """Return the entries for this repository that name nothing which was observed, where all of their kind was seen."""
    there = {identity.declared for identity in register.identities}
    return tuple(each for each in snapshot.declared if each not in there and _was_looked_for(each, snapshot))


def _was_looked_for(entry: DeclaredIdentity, snapshot: Snapshot) -> bool:
    holdings = snapshot.holdings
    facts: dict[IdentityKind, tuple[Seen[Any] | Unseen, ...]] = {
        IdentityKind.SECRET: (holdings.secrets, holdings.organisation_secrets, holdings.environment_secrets),
        IdentityKind.PUBLISHER: (),  # the repository's files say it
        IdentityKind.DEPLOY_KEY: (holdings.deploy_keys,),
        IdentityKind.TOKEN: (holdings.tokens,),
        IdentityKind.APP: (holdings.installations,),
        IdentityKind.PERSON: (holdings.environments,),
    }
    return not snapshot.unreadable and all(isinstance(fact, Seen) for fact in facts[entry.kind])
