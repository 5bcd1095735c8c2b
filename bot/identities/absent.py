"""The register's entries for which nothing is there: what was revoked, or never was."""

from typing import Any

from bot.identities.publishing_identity import IdentityInventory
from bot.model.findings import Known, Unknown
from bot.model.identity_register import DeclaredIdentity, IdentityKind
from bot.snapshot.repository_snapshot import Snapshot


def missing_identities(inventory: IdentityInventory, snapshot: Snapshot) -> tuple[DeclaredIdentity, ...]:
    """Return the entries for this repository that name nothing which was observed, where all of their kind was seen."""
    there = {identity.declared for identity in inventory.identities}
    return tuple(each for each in snapshot.declared_identities if each not in there and _was_checked(each, snapshot))


def _was_checked(entry: DeclaredIdentity, snapshot: Snapshot) -> bool:
    holdings = snapshot.settings
    facts: dict[IdentityKind, tuple[Known[Any] | Unknown, ...]] = {
        IdentityKind.SECRET: (holdings.secrets, holdings.organization_secrets, holdings.environment_secrets),
        IdentityKind.PUBLISHER: (),  # the repository's files say it
        IdentityKind.DEPLOY_KEY: (holdings.deploy_keys,),
        IdentityKind.TOKEN: (holdings.fine_grained_tokens,),
        IdentityKind.APP: (holdings.app_installations,),
        IdentityKind.PERSON: (holdings.environments,),
    }
    return not snapshot.unreadable and all(isinstance(fact, Known) for fact in facts[entry.kind])
