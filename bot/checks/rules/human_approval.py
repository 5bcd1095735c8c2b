"""The rule human-approval: people approve, machines publish."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.rule import Rule
from bot.model.core_types import RuleName
from bot.model.findings import Fact, Finding, Seen, Unseen, listed
from bot.model.identity_register import IdentityKind
from bot.settings import Organisation, Read, Reviewer, ReviewerKind
from bot.snapshot.protection import PublishEnvironment, publish_environments
from bot.snapshot.repository_snapshot import Snapshot

# What people call machine accounts; the register says it for sure, either way.
MACHINE = re.compile(r"\[bot\]$|(^|-)(bot|ci|robot|automation|machine)(-|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanApproval(Rule):
    """Who may approve a release is a person, never a machine account.

    Where one approval is enough, the token of a machine account that may give it approves everything.
    """

    name: ClassVar[RuleName] = RuleName("human-approval")
    reads: ClassVar[frozenset[Read]] = frozenset({Read.FILES, Read.ENVIRONMENTS, Read.ORGANISATION})

    def applies(self, snapshot: Snapshot) -> bool:
        return any(isinstance(each, Unseen) or each.reviewers for each in self._asked(snapshot))

    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
        for each in self._asked(snapshot):
            if isinstance(each, Unseen):
                yield each
                continue
            for reviewer in each.reviewers:
                yield from _judge(each.found, reviewer, snapshot)

    def _asked(self, snapshot: Snapshot) -> "Iterator[_Asked | Unseen]":
        for each in publish_environments((publication for publication, _ in self.judged(snapshot)), snapshot):
            if isinstance(each, Unseen):
                yield each
            elif each.environment is not None:
                yield _Asked(each, each.environment.reviewers)


@dataclass(frozen=True, slots=True)
class _Asked:
    """An environment and who is asked before something is published from it."""

    found: PublishEnvironment
    reviewers: tuple[Reviewer, ...]


def _judge(found: PublishEnvironment, reviewer: Reviewer, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
    declared = _declared(snapshot)
    if reviewer.kind is ReviewerKind.USER:
        if _is_machine(reviewer.name, declared, sure=reviewer.is_bot):
            yield _finding(found, f"@{reviewer.name}, a machine account,", f"take @{reviewer.name} from its reviewers")
        return
    login = snapshot.repository.partition("/")[0]
    team = f"@{login}/{reviewer.name}"
    if declared.get(team.casefold()):
        yield _finding(found, f"{team}, a team of machine accounts,", f"take {team} from its reviewers")
        return
    members = _members(reviewer.name, snapshot.holdings.organisation)
    if isinstance(members, Unseen):
        yield members
        return
    machines = [f"@{member}" for member in members.value if _is_machine(member, declared)]
    if machines:
        yield _finding(
            found,
            f"{listed(machines)}, {'a machine account' if len(machines) == 1 else 'machine accounts'} in {team},",
            f"take {listed(machines)} from the team {team}, or name another team as reviewer",
        )


def _members(slug: str, people: Fact[Organisation]) -> Fact[tuple[str, ...]]:
    if isinstance(people, Unseen):
        return people
    team = people.value.team(slug)
    return Seen(tuple(sorted(team.members)) if team else ())


def _declared(snapshot: Snapshot) -> dict[str, bool | None]:
    """Say of the people and teams in the register whether they are machines."""
    return {each.name.casefold(): each.machine for each in snapshot.declared if each.kind is IdentityKind.PERSON}


def _is_machine(login: str, declared: dict[str, bool | None], *, sure: bool = False) -> bool:
    said = declared.get(f"@{login}".casefold())
    return said if said is not None else sure or bool(MACHINE.search(login))


def _finding(found: PublishEnvironment, who: str, what: str) -> Finding:
    return Finding(
        place=found.place,
        message=f"{who} may approve what is published from the environment {found.name}",
        fix=(
            f"Settings, Environments, {found.name}: {what}. If it is a person, say so in the register: "
            "`person` with `machine: false`."
        ),
        about=found.about,
    )
