"""Reads environments: the list for all, and refs and custom rules of those that somebody publishes from."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from bot.github.client import ReadLine
from bot.github.settings.read_known import ask
from bot.github.settings.secrets_api import repository_path
from bot.json_access import Record, number, record, records, text, true, within
from bot.model.core_types import FullName
from bot.model.findings import Fact, Seen
from bot.settings import (
    AllowedRefs,
    AnyRef,
    CustomRule,
    Environment,
    ProtectedBranches,
    Read,
    RefKind,
    RefPattern,
    Reviewer,
    ReviewerKind,
    SelectedRefs,
)

FEW = 5  # environments that are all looked into, whoever publishes from them
MOST = 20  # environments that are looked into at all: each costs up to four calls
COMPUTED = "a workflow computes the environment's name, and which environments there are was not seen"
TOO_MANY = f"more than {MOST} environments may be published from"
NO_RULES: tuple[CustomRule, ...] = ()
SELECTED: Fact[AllowedRefs] = Read.ENVIRONMENT_REFS.not_read  # patterns count, but it is not known which


def read_environments(line: ReadLine, repository: FullName) -> tuple[Environment, ...]:
    """Read the repository's environments. Their refs are known where any or the protected ones may deploy."""
    found = line.pages(
        repository_path(repository, "environments"), f"read environments of {repository}", "environments"
    )
    return tuple(_environment(item) for item in found if text(item, "name"))


@dataclass(frozen=True, slots=True)
class Inside:
    """The environments to look into, and why they are not all that matter, where they are not."""

    names: tuple[str, ...]
    unknown: str = ""
    permission: str | None = None  # what would show them


def to_look_into(listed: Iterable[Environment] | None, named: frozenset[str] | None) -> Inside:
    """Say which environments to look into: those that are named (None: any may be), and all where there are few.

    `listed` is None where GitHub did not show which there are.
    """
    if listed is None:
        return Inside(tuple(sorted(named))) if named is not None else Inside((), COMPUTED, Read.ENVIRONMENTS.permission)
    each = list(listed)
    if len(each) <= FEW:
        return Inside(tuple(one.name for one in each))
    meant = [one.name for one in each if named is None or any(one.is_called(name) for name in named)]
    return Inside(tuple(meant[:MOST]), TOO_MANY if len(meant) > MOST else "")


def look_into(line: ReadLine, repository: FullName, environment: Environment, reads: Collection[Read]) -> Environment:
    """Read what the list of environments does not say: patterns of refs, where there are any, and custom rules."""
    name = environment.name
    if Read.ENVIRONMENT_REFS in reads and environment.refs == SELECTED:
        environment = replace(environment, refs=ask(Read.ENVIRONMENT_REFS, lambda: _patterns(line, repository, name)))
    if Read.ENVIRONMENT_RULES in reads:
        rules = ask(Read.ENVIRONMENT_RULES, lambda: _custom_rules(line, repository, name), NO_RULES)
        environment = replace(environment, custom_rules=rules)
    return environment


def _environment(item: Record) -> Environment:
    name, wait, reviewers, alone = text(item, "name"), 0, [], False
    for rule in records(item, "protection_rules"):
        match text(rule, "type"):
            case "wait_timer":
                wait = number(rule, "wait_timer")
            case "required_reviewers":
                alone = true(rule, "prevent_self_review")
                reviewers += [_reviewer(each) for each in records(rule, "reviewers")]
    bypass = within(item, "can_admins_bypass")
    return Environment(
        name=name,
        reviewers=tuple(reviewers),
        prevent_self_review=alone,
        wait_minutes=wait,
        admins_bypass=bypass if isinstance(bypass, bool) else None,
        refs=_refs(item),
    )


def _refs(item: Record) -> Fact[AllowedRefs]:
    policy = within(item, "deployment_branch_policy")
    if policy is None:
        return Seen(AnyRef())
    return Seen(ProtectedBranches()) if true(policy, "protected_branches") else SELECTED


def _reviewer(each: Record) -> Reviewer:
    who = record(each, "reviewer")
    if text(each, "type") == "Team":
        return Reviewer(ReviewerKind.TEAM, text(who, "slug"))
    return Reviewer(ReviewerKind.USER, text(who, "login"), is_bot=text(who, "type") == "Bot")


def _patterns(line: ReadLine, repository: FullName, name: str) -> AllowedRefs:
    address = repository_path(repository, "environments", name, "deployment-branch-policies")
    found = line.pages(address, f"read environments of {repository}", "branch_policies")
    return SelectedRefs(
        tuple(
            RefPattern(text(item, "name"), RefKind.TAG if text(item, "type") == "tag" else RefKind.BRANCH)
            for item in found
        )
    )


def _custom_rules(line: ReadLine, repository: FullName, name: str) -> tuple[CustomRule, ...]:
    address = repository_path(repository, "environments", name, "deployment_protection_rules")
    answer = line.get(address, f"read environments of {repository}").record()  # six at most: there are no pages
    return tuple(
        CustomRule(number(rule, "app", "id"), text(rule, "app", "slug"), true(rule, "enabled"))
        for rule in records(answer, "custom_deployment_protection_rules")
    )
