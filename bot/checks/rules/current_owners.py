"""Judges whether the owners of publishing identities are still members of the organization."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.check import Rule
from bot.identities import INVENTORY_QUERIES, PublishingIdentity, list_identities, may_hold_publishing_secrets
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Known, Unknown
from bot.settings import Organization, SettingsQuery
from bot.snapshot.repository_snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentOwners(Rule):
    """Owners of publishing identities are members of the organization.

    A team that owns an identity has members. The owner of a fine-grained token is the person who created it.
    """

    name: ClassVar[RuleName] = RuleName("current-owners")
    reads: ClassVar[frozenset[SettingsQuery]] = INVENTORY_QUERIES | {SettingsQuery.ORGANIZATION}

    def applies(self, snapshot: Snapshot) -> bool:
        facts = snapshot.settings.repository
        if not may_hold_publishing_secrets(snapshot) or (
            isinstance(facts, Known) and not facts.value.owner_is_organization
        ):
            return False  # a person's repository has no members who could leave
        register = list_identities(snapshot)
        return bool(register.unknown) or any(each.owner for each in register.identities)

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        register = list_identities(snapshot)
        yield from register.unknown
        people = snapshot.settings.organization
        for identity in register.identities:
            if identity.owner is None or (identity.registries and set(identity.registries) <= set(self.allow)):
                continue
            if isinstance(people, Unknown):
                yield people
            else:
                yield from _judge(identity, identity.owner, people.value)


def _judge(identity: PublishingIdentity, owner: str, organization: Organization) -> Iterator[Finding | Unknown]:
    name, _, team = owner.removeprefix("@").partition("/")
    if team and name.casefold() != organization.login.casefold():
        yield Unknown(f"the team {owner}", f"it belongs to another organization than {organization.login}")
    elif team:
        found = organization.team(team)
        if found is None:
            yield _finding(identity, f"the team {owner}, which does not exist")
        elif not found.members:
            yield _finding(identity, f"the team {owner}, which has no members")
    elif not organization.has_member(name):
        yield _finding(identity, f"{owner}, who is not a member of {organization.login}")


def _finding(identity: PublishingIdentity, problem: str) -> Finding:
    if identity.declared is None:  # a token, which nobody else can take over
        fix = "Revoke the token in the organization's Settings, Personal access tokens."
    else:
        entry = f"{identity.declared.origin}:{identity.declared.line}" if identity.declared.origin else "the register"
        fix = f"Name a current member as owner in {entry} and rotate the credential, because a former owner may have a copy."
    return Finding(
        location=identity.location,
        message=f"{identity.description} has no current owner, because its owner is {problem}",
        fix=fix,
        subject=identity.subject,
    )
