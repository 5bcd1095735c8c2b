"""The rule current-owners: who answers for what can publish is still there."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.rule import Rule
from bot.identities import OBSERVED, Identity, concerns, observe
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Seen, Unseen
from bot.settings import Organisation, Read
from bot.snapshot.repository_snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentOwners(Rule):
    """Whoever answers for something that can publish is a member of the organisation.

    A team that answers has members. A fine-grained token is answered for by the person whose it is.
    """

    name: ClassVar[RuleName] = RuleName("current-owners")
    reads: ClassVar[frozenset[Read]] = OBSERVED | {Read.ORGANISATION}

    def applies(self, snapshot: Snapshot) -> bool:
        facts = snapshot.holdings.repository
        if not concerns(snapshot) or (isinstance(facts, Seen) and not facts.value.owner_is_organisation):
            return False  # a person's repository has no members who could leave
        register = observe(snapshot)
        return bool(register.unseen) or any(each.owner for each in register.identities)

    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
        register = observe(snapshot)
        yield from register.unseen
        people = snapshot.holdings.organisation
        for identity in register.identities:
            if identity.owner is None or (identity.registries and set(identity.registries) <= set(self.allow)):
                continue
            if isinstance(people, Unseen):
                yield people
            else:
                yield from _judge(identity, identity.owner, people.value)


def _judge(identity: Identity, owner: str, people: Organisation) -> Iterator[Finding | Unseen]:
    name, _, team = owner.removeprefix("@").partition("/")
    if team and name.casefold() != people.login.casefold():
        yield Unseen(f"the team {owner}", f"it belongs to another organisation than {people.login}")
    elif team:
        found = people.team(team)
        if found is None:
            yield _finding(identity, f"of the team {owner}, which {people.login} does not have")
        elif not found.members:
            yield _finding(identity, f"of the team {owner}, which has no members")
    elif not people.has(name):
        yield _finding(identity, f"of {owner}, who is not a member of {people.login}")


def _finding(identity: Identity, said: str) -> Finding:
    if identity.declared is None:  # a token, which nobody else can take over
        fix = "Revoke it (the organisation's Settings, Personal access tokens)."
    else:
        entry = f"{identity.declared.origin}:{identity.declared.line}" if identity.declared.origin else "the register"
        fix = f"Name somebody who is there in {entry}, and let them rotate it: whoever left may have a copy; or revoke it."
    return Finding(
        place=identity.place,
        message=f"{identity.words} is {said}: nobody answers for it",
        fix=fix,
        about=identity.about,
    )
