"""Judges whether the accounts that may publish a package at its registry belong to current people, and are not too many."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.check import Rule, StricterWhen
from bot.model.core_types import RuleName
from bot.model.findings import Finding, FindingSubject, Known, Location, MaybeKnown, Unknown, join_names
from bot.model.identity_register import DeclaredPerson
from bot.packages.manifests import format_purl
from bot.packages.publish_history import WatchedPackage
from bot.settings import Organization, SettingsQuery
from bot.snapshot.repository_snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryOwners(Rule):
    """Accounts that may publish a package at its registry belong to current members.

    The register (`people` in the policy) says whose account each is. Nothing is asked for until it names somebody.
    """

    name: ClassVar[RuleName] = RuleName("registry-owners")
    reads: ClassVar[frozenset[SettingsQuery]] = frozenset({SettingsQuery.ORGANIZATION})
    max_accounts: int = field(
        default=8,
        metadata={
            "means": "How many accounts may publish one package; teams and organizations count as one.",
            "stricter": StricterWhen.LOWER,
        },
    )

    def applies(self, snapshot: Snapshot) -> bool:
        return bool(snapshot.declared_people) and any(True for _ in self.packages_to_check(snapshot))

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        register = people_by_account(snapshot.declared_people)
        for each in self.packages_to_check(snapshot):
            if isinstance(each, Unknown):
                yield each
            elif isinstance(each[1].current_maintainers, Unknown):
                yield each[1].current_maintainers
            else:
                yield from self._judge_package(each, each[1].current_maintainers.value, register, snapshot)

    def _judge_package(
        self,
        package: tuple[Location, WatchedPackage],
        accounts: tuple[str, ...],
        register: Mapping[tuple[str, str], DeclaredPerson],
        snapshot: Snapshot,
    ) -> Iterator[Finding | Unknown]:
        place, watched = package
        name, subject = watched.package.name, FindingSubject(package=format_purl(watched.package, snapshot.catalog))
        unknown, left = list[str](), list[str]()
        for account in accounts:
            person = register.get((watched.package.registry, account.casefold()))
            if person is None:
                unknown.append(account)
            elif isinstance(snapshot.settings.organization, Unknown):
                yield snapshot.settings.organization
            elif not _is_current(person, snapshot.settings.organization):
                left.append(f"{account} ({person.login})")
        if unknown:
            message = f"{name} can be published by {join_names(unknown)}, whom the register does not name"
            fix = f"Add the owner to `people` in the policy, or remove the account at {snapshot.registries[watched.package.registry].name}."
            yield Finding(place, message, fix, subject=subject)
        if left:
            message = f"{name} can be published by {join_names(left)}, who left the organization"
            fix = f"Remove the account from the package at {snapshot.registries[watched.package.registry].name}, and rotate what it could read."
            yield Finding(place, message, fix, subject=subject)
        if len(accounts) > self.max_accounts:
            message = f"{name} can be published by {len(accounts)} accounts, more than {self.max_accounts}"
            yield Finding(
                place, message, "Remove accounts that do not publish, or raise `max-accounts`.", subject=subject
            )


def people_by_account(people: tuple[DeclaredPerson, ...]) -> Mapping[tuple[str, str], DeclaredPerson]:
    """Return the register's people by registry and account; registries' names have no case here."""
    return {(registry, name.casefold()): each for each in people for registry, name in each.accounts}


def _is_current(person: DeclaredPerson, organization: MaybeKnown[Organization]) -> bool:
    return isinstance(organization, Known) and organization.value.has_member(person.login.removeprefix("@"))
