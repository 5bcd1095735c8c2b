"""Reads deployment environments, with the allowed refs and custom rules of those that publish."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from bot.github.client import ReadOnlyClient
from bot.github.settings.read_known import read_known
from bot.github.settings.secrets_api import repository_path
from bot.json_access import JsonObject, get_bool, get_int, get_object, get_objects, get_str, get_value
from bot.model.core_types import FullName
from bot.model.findings import Known, MaybeKnown
from bot.settings import (
    AllowedRefs,
    AnyRef,
    CustomProtectionRule,
    Environment,
    ProtectedBranches,
    RefKind,
    RefPattern,
    Reviewer,
    ReviewerKind,
    SelectedRefs,
    SettingsQuery,
)

READ_ALL_UP_TO = 5  # environments that are all looked into, whoever publishes from them
MAX_ENVIRONMENTS = 20  # environments that are looked into at all: each costs up to four calls
COMPUTED_NAME_REASON = "a workflow computes the environment's name, and which environments there are was not seen"
TOO_MANY_REASON = f"more than {MAX_ENVIRONMENTS} environments may be published from"
NO_CUSTOM_RULES: tuple[CustomProtectionRule, ...] = ()
UNREAD_SELECTED_REFS: MaybeKnown[AllowedRefs] = (
    SettingsQuery.ENVIRONMENT_REFS.not_read
)  # patterns count, but it is not known which


def read_environments(client: ReadOnlyClient, repository: FullName) -> tuple[Environment, ...]:
    """Read the repository's environments. Their refs are known where any or the protected ones may deploy."""
    found = client.paginate(
        repository_path(repository, "environments"), f"read environments of {repository}", "environments"
    )
    return tuple(_parse_environment(item) for item in found if get_str(item, "name"))


@dataclass(frozen=True, slots=True)
class SelectedEnvironments:
    """The environments to look into, and why they are not all that matter, where they are not."""

    names: tuple[str, ...]
    incomplete_reason: str = ""
    permission: str | None = None  # what would show them


def select_environments(
    all_environments: Iterable[Environment] | None, publishing_names: frozenset[str] | None
) -> SelectedEnvironments:
    """Say which environments to look into: those that are named (None: any may be), and all where there are few.

    `listed` is None where GitHub did not show which there are.
    """
    if all_environments is None:
        return (
            SelectedEnvironments(tuple(sorted(publishing_names)))
            if publishing_names is not None
            else SelectedEnvironments((), COMPUTED_NAME_REASON, SettingsQuery.ENVIRONMENTS.permission)
        )
    each = list(all_environments)
    if len(each) <= READ_ALL_UP_TO:
        return SelectedEnvironments(tuple(one.name for one in each))
    meant = [
        one.name for one in each if publishing_names is None or any(one.has_name(name) for name in publishing_names)
    ]
    return SelectedEnvironments(
        tuple(meant[:MAX_ENVIRONMENTS]), TOO_MANY_REASON if len(meant) > MAX_ENVIRONMENTS else ""
    )


def read_environment_details(
    client: ReadOnlyClient, repository: FullName, environment: Environment, reads: Collection[SettingsQuery]
) -> Environment:
    """Read what the list of environments does not say: patterns of refs, where there are any, and custom rules."""
    name = environment.name
    if SettingsQuery.ENVIRONMENT_REFS in reads and environment.allowed_refs == UNREAD_SELECTED_REFS:
        environment = replace(
            environment,
            allowed_refs=read_known(
                SettingsQuery.ENVIRONMENT_REFS, lambda: _read_ref_patterns(client, repository, name)
            ),
        )
    if SettingsQuery.ENVIRONMENT_RULES in reads:
        rules = read_known(
            SettingsQuery.ENVIRONMENT_RULES, lambda: _read_custom_rules(client, repository, name), NO_CUSTOM_RULES
        )
        environment = replace(environment, custom_rules=rules)
    return environment


def _parse_environment(item: JsonObject) -> Environment:
    name, wait, reviewers, alone = get_str(item, "name"), 0, [], False
    for rule in get_objects(item, "protection_rules"):
        match get_str(rule, "type"):
            case "wait_timer":
                wait = get_int(rule, "wait_timer")
            case "required_reviewers":
                alone = get_bool(rule, "prevent_self_review")
                reviewers += [_parse_reviewer(each) for each in get_objects(rule, "reviewers")]
    bypass = get_value(item, "can_admins_bypass")
    return Environment(
        name=name,
        reviewers=tuple(reviewers),
        prevent_self_review=alone,
        wait_minutes=wait,
        admins_bypass=bypass if isinstance(bypass, bool) else None,
        allowed_refs=_parse_allowed_refs(item),
    )


def _parse_allowed_refs(item: JsonObject) -> MaybeKnown[AllowedRefs]:
    policy = get_value(item, "deployment_branch_policy")
    if policy is None:
        return Known(AnyRef())
    return Known(ProtectedBranches()) if get_bool(policy, "protected_branches") else UNREAD_SELECTED_REFS


def _parse_reviewer(item: JsonObject) -> Reviewer:
    who = get_object(item, "reviewer")
    if get_str(item, "type") == "Team":
        return Reviewer(ReviewerKind.TEAM, get_str(who, "slug"))
    return Reviewer(ReviewerKind.USER, get_str(who, "login"), is_bot=get_str(who, "type") == "Bot")


def _read_ref_patterns(client: ReadOnlyClient, repository: FullName, name: str) -> AllowedRefs:
    address = repository_path(repository, "environments", name, "deployment-branch-policies")
    found = client.paginate(address, f"read environments of {repository}", "branch_policies")
    return SelectedRefs(
        tuple(
            RefPattern(get_str(item, "name"), RefKind.TAG if get_str(item, "type") == "tag" else RefKind.BRANCH)
            for item in found
        )
    )


def _read_custom_rules(client: ReadOnlyClient, repository: FullName, name: str) -> tuple[CustomProtectionRule, ...]:
    address = repository_path(repository, "environments", name, "deployment_protection_rules")
    answer = client.get(address, f"read environments of {repository}").json_object()  # six at most: there are no pages
    return tuple(
        CustomProtectionRule(get_int(rule, "app", "id"), get_str(rule, "app", "slug"), get_bool(rule, "enabled"))
        for rule in get_objects(answer, "custom_deployment_protection_rules")
    )
