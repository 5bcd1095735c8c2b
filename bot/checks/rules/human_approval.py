"""Judges whether only people, not machine accounts, can approve publishing deployments."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.check import Rule
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Known, MaybeKnown, Unknown, join_names
from bot.settings import Organization, Reviewer, ReviewerKind, SettingsQuery, declared_machines, is_machine
from bot.snapshot.protection import PublishEnvironment, publish_environments
from bot.snapshot.repository_snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanApproval(Rule):
    """Only people can approve releases, never machine accounts.

    If a machine account may approve a release, its token is enough to publish.
    """

    name: ClassVar[RuleName] = RuleName("human-approval")
    reads: ClassVar[frozenset[SettingsQuery]] = frozenset(
        {SettingsQuery.FILES, SettingsQuery.ENVIRONMENTS, SettingsQuery.ORGANIZATION}
    )

    def applies(self, snapshot: Snapshot) -> bool:
        return any(isinstance(each, Unknown) or each.reviewers for each in self._reviewed_environments(snapshot))

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        for each in self._reviewed_environments(snapshot):
            if isinstance(each, Unknown):
                yield each
                continue
            for reviewer in each.reviewers:
                yield from _judge(each.publish_environment, reviewer, snapshot)

    def _reviewed_environments(self, snapshot: Snapshot) -> "Iterator[_ReviewedEnvironment | Unknown]":
        for each in publish_environments(
            (publication for publication, _ in self.publications_to_check(snapshot)), snapshot
        ):
            if isinstance(each, Unknown):
                yield each
            elif each.environment is not None:
                yield _ReviewedEnvironment(each, each.environment.reviewers)


@dataclass(frozen=True, slots=True)
class _ReviewedEnvironment:
    """An environment and who is asked before something is published from it."""

    publish_environment: PublishEnvironment
    reviewers: tuple[Reviewer, ...]


def _judge(
    publish_environment: PublishEnvironment, reviewer: Reviewer, snapshot: Snapshot
) -> Iterator[Finding | Unknown]:
    declared = declared_machines(snapshot.declared_identities)
    if reviewer.kind is ReviewerKind.USER:
        if _is_machine(reviewer, declared):
            yield _finding(
                publish_environment,
                f"the machine account @{reviewer.name}",
                f"remove @{reviewer.name} from the reviewers",
            )
        return
    login = snapshot.repository.partition("/")[0]
    team = f"@{login}/{reviewer.name}"
    if declared.get(team.casefold()):
        yield _finding(publish_environment, f"the team of machine accounts {team}", f"remove {team} from the reviewers")
        return
    members = _members(reviewer.name, snapshot.settings.organization)
    if isinstance(members, Unknown):
        yield members
        return
    machines = [f"@{member}" for member in members.value if is_machine(member, declared)]
    if machines:
        yield _finding(
            publish_environment,
            f"the machine account{'s' if len(machines) > 1 else ''} {join_names(machines)} in the team {team}",
            f"name a team without {join_names(machines)} as reviewer",
        )


def _members(slug: str, organization: MaybeKnown[Organization]) -> MaybeKnown[tuple[str, ...]]:
    if isinstance(organization, Unknown):
        return organization
    team = organization.value.team(slug)
    return Known(tuple(sorted(team.members)) if team else ())


def _is_machine(reviewer: Reviewer, declared: dict[str, bool | None]) -> bool:
    said = declared.get(f"@{reviewer.name}".casefold())
    return reviewer.is_bot if said is None and reviewer.is_bot else is_machine(reviewer.name, declared)


def _finding(publish_environment: PublishEnvironment, who: str, action: str) -> Finding:
    return Finding(
        location=publish_environment.location,
        message=f"{who} can approve releases from the environment {publish_environment.name}",
        fix=(
            f"Settings, Environments, {publish_environment.name}: {action}. If the account belongs to a person, declare it in the "
            "register with `machine: false`."
        ),
        subject=publish_environment.subject,
    )
