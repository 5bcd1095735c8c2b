"""Reads rulesets, branch protection and CODEOWNERS of a repository with one GraphQL query."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import TypeVar

from bot.github.client import ReadOnlyClient
from bot.github.github_errors import BlockedError, PartialAnswerError, RefusedError, TooLargeError
from bot.github.graphql_result import GraphQLResult
from bot.github.settings.read_known import HIDDEN_REASON
from bot.json_access import JsonObject, get_bool, get_int, get_object, get_objects, get_str, get_strings, get_value
from bot.model.core_types import FullName
from bot.model.findings import Known, MaybeKnown, Unknown
from bot.settings import (
    BranchProtection,
    BypassActor,
    CodeOwners,
    Ruleset,
    RulesetEnforcement,
    RulesetRule,
    RulesetTarget,
    SettingsQuery,
    parse_code_owners,
)
from bot.settings.rulesets import CODEOWNERS_PATHS, HIDDEN_BYPASS_ACTORS
from bot.yaml import MAX_BYTES

T = TypeVar("T")

RULES_QUERY = """
query Rules($owner: String!, $name: String!, $first: Int!, $rulesets: Boolean!, $protection: Boolean!, $owners: Boolean!,
    $afterRuleset: String, $afterProtection: String, $o0: String!, $o1: String!, $o2: String!) {
  repository(owner: $owner, name: $name) {
    rulesets(first: $first, after: $afterRuleset, includeParents: true) @include(if: $rulesets) {
      pageInfo { hasNextPage endCursor }
      nodes {
        databaseId name target enforcement
        source { __typename ... on Repository { nameWithOwner } ... on Organization { login } ... on Enterprise { slug } }
        conditions { refName { include exclude } }
        rules(first: 50) {
          nodes {
            type
            parameters {
              __typename
              ... on PullRequestParameters { requiredApprovingReviewCount requireCodeOwnerReview requireLastPushApproval }
              ... on RequiredStatusChecksParameters { requiredStatusChecks { context integrationId } }
            }
          }
        }
        bypassActors(first: 50) {
          nodes {
            bypassMode deployKey organizationAdmin enterpriseOwner repositoryRoleName
            actor { __typename ... on App { slug } ... on Team { slug } }
          }
        }
      }
    }
    branchProtectionRules(first: $first, after: $afterProtection) @include(if: $protection) {
      pageInfo { hasNextPage endCursor }
      nodes {
        pattern requiresApprovingReviews requiredApprovingReviewCount requiresCodeOwnerReviews requireLastPushApproval
        isAdminEnforced allowsForcePushes allowsDeletions restrictsPushes requiresStatusChecks
        requiredStatusChecks { context app { slug } }
        bypassPullRequestAllowances(first: 50) {
          nodes { actor { __typename ... on User { login } ... on Team { slug } ... on App { slug } } }
        }
      }
    }
    o0: object(expression: $o0) @include(if: $owners) { ...Source }
    o1: object(expression: $o1) @include(if: $owners) { ...Source }
    o2: object(expression: $o2) @include(if: $owners) { ...Source }
  }
}
fragment Source on Blob { byteSize isTruncated text }
"""
PAGE_SIZE, SMALL_PAGE_SIZE = 100, 10  # rulesets or rules at once, and where that was answered only in part
MAX_RULES = 500  # of each kind; GitHub allows 75 rulesets to a repository and to an organization
RULE_QUERIES = {  # each with its field of RefRules
    SettingsQuery.RULESETS: "rulesets",
    SettingsQuery.BRANCH_PROTECTION: "branch_protection",
    SettingsQuery.CODE_OWNERS: "code_owners",
}

BRANCH_PROTECTION_FIELD, BYPASS_FIELD = "branchProtectionRules", "bypassActors"
PAGE_VARIABLES = {"rulesets": ("rulesets", "afterRuleset"), BRANCH_PROTECTION_FIELD: ("protection", "afterProtection")}


@dataclass(frozen=True, slots=True)
class RefRules:
    """What the query told; what was not asked for stays as it was."""

    rulesets: MaybeKnown[tuple[Ruleset, ...]] = SettingsQuery.RULESETS.not_read
    branch_protection: MaybeKnown[tuple[BranchProtection, ...]] = SettingsQuery.BRANCH_PROTECTION.not_read
    code_owners: MaybeKnown[CodeOwners] = SettingsQuery.CODE_OWNERS.not_read


@dataclass(slots=True)
class _RulePages:
    """What all pages told together."""

    first_page: JsonObject = field(default_factory=dict)  # the first page's repository
    forbidden: set[str] = field(default_factory=set)  # fields that the App may not read
    nodes: dict[str, list[JsonObject]] = field(default_factory=lambda: {name: [] for name in PAGE_VARIABLES})


def read_rules(client: ReadOnlyClient, repository: FullName, reads: Collection[SettingsQuery]) -> RefRules:
    """Read those of the three that `reads` names; one call as a rule.

    Raises RetryLaterError when GitHub answers in part even where each is asked for alone, and in small pages.
    """
    asked = [each for each in RULE_QUERIES if each in reads]
    if not asked:
        return RefRules()
    try:
        return _read_rules(client, repository, asked, PAGE_SIZE)
    except PartialAnswerError:
        pass
    told = {each: _read_rules(client, repository, [each], SMALL_PAGE_SIZE) for each in asked}
    return replace(RefRules(), **{RULE_QUERIES[each]: getattr(told[each], RULE_QUERIES[each]) for each in asked})


def _read_rules(
    client: ReadOnlyClient, repository: FullName, reads: Collection[SettingsQuery], page_size: int
) -> RefRules:
    try:
        told = _read_all_pages(client, repository, reads, page_size)
    except (RefusedError, TooLargeError, BlockedError) as error:
        facts: dict[str, Unknown] = {RULE_QUERIES[each]: Unknown(each.fact, str(error)) for each in reads}
        return replace(RefRules(), **facts)
    whole = RefRules(
        _to_fact(SettingsQuery.RULESETS, told, "rulesets", parse_ruleset),
        _to_fact(SettingsQuery.BRANCH_PROTECTION, told, BRANCH_PROTECTION_FIELD, parse_branch_protection),
        _parse_code_owners(told),
    )
    return replace(RefRules(), **{RULE_QUERIES[each]: getattr(whole, RULE_QUERIES[each]) for each in reads})


def _read_all_pages(
    client: ReadOnlyClient, repository: FullName, reads: Collection[SettingsQuery], page_size: int
) -> _RulePages:
    owner, _, called = repository.partition("/")
    variables: dict[str, object] = {
        "owner": owner,
        "name": called,
        "first": page_size,
        "rulesets": SettingsQuery.RULESETS in reads,
        "protection": SettingsQuery.BRANCH_PROTECTION in reads,
        "owners": SettingsQuery.CODE_OWNERS in reads,
        **{f"o{index}": f"HEAD:{place}" for index, place in enumerate(CODEOWNERS_PATHS)},
    }
    told = _RulePages()
    for _ in range(MAX_RULES // page_size):
        reply = client.query(RULES_QUERY, variables, f"read the rulesets of {repository}", allow_forbidden=True)
        found = get_object(reply.data, "repository")
        refused = _forbidden_fields(reply) - told.forbidden
        told.forbidden |= refused
        if not found and refused:  # a part that can not be null takes the whole with it: once more without that part
            variables |= {switch: False for name, (switch, _) in PAGE_VARIABLES.items() if name in refused}
            continue
        told.first_page = told.first_page or found
        for name in PAGE_VARIABLES:
            told.nodes[name] += get_objects(found, name, "nodes")
        if not (further := _next_page_variables(found)):
            return told
        variables |= further
    raise RefusedError(f"GitHub lists more than {MAX_RULES} rulesets for {repository}")


def _forbidden_fields(reply: GraphQLResult) -> set[str]:
    """Return the parts of the repository that the App may not read; a hidden bypass list is a fact of its ruleset."""
    return {path[1] for path in reply.forbidden if len(path) > 1 and BYPASS_FIELD not in path}


def _next_page_variables(found: JsonObject) -> dict[str, object]:
    """Return what to ask for on the next page; nothing when this was the last."""
    asked: dict[str, object] = {"owners": False}
    for name, (switch, after) in PAGE_VARIABLES.items():
        asked[switch] = get_bool(found, name, "pageInfo", "hasNextPage")
        asked[after] = get_str(found, name, "pageInfo", "endCursor") or None
    return asked if asked["rulesets"] or asked["protection"] else {}


def _to_fact(
    query: SettingsQuery, pages: _RulePages, name: str, parse: Callable[[JsonObject], T]
) -> MaybeKnown[tuple[T, ...]]:
    if name in pages.forbidden:
        return query.permission_denied()
    if get_value(pages.first_page, name) is None:  # refused without a word, or the repository is gone
        return Unknown(query.fact, HIDDEN_REASON, query.permission)
    return Known(tuple(parse(node) for node in pages.nodes[name]))


def _parse_code_owners(pages: _RulePages) -> MaybeKnown[CodeOwners]:
    read = SettingsQuery.CODE_OWNERS
    if not pages.first_page or pages.forbidden & {"o0", "o1", "o2"}:
        return read.permission_denied() if pages.first_page else Unknown(read.fact, HIDDEN_REASON, read.permission)
    for index, place in enumerate(CODEOWNERS_PATHS):
        blob = get_object(pages.first_page, f"o{index}")
        if not blob:
            continue
        source = get_str(blob, "text")
        if get_int(blob, "byteSize") > MAX_BYTES or get_bool(blob, "isTruncated"):
            return Unknown(read.fact, f"{place} is larger than {MAX_BYTES:,} bytes")
        return Known(parse_code_owners(place, source))
    return Known(CodeOwners(None))


def parse_ruleset(node: JsonObject) -> Ruleset:
    """Make a ruleset. What GitHub says in a word that we do not know binds nobody: that is not taken for protection."""
    target, enforcement = get_str(node, "target").lower(), get_str(node, "enforcement").lower()
    source = get_object(node, "source")
    return Ruleset(
        id=get_int(node, "databaseId"),
        name=get_str(node, "name"),
        source=get_str(source, "nameWithOwner") or get_str(source, "login") or get_str(source, "slug"),
        target=RulesetTarget(target) if target in set(RulesetTarget) else RulesetTarget.REPOSITORY,
        enforcement=RulesetEnforcement(enforcement)
        if enforcement in set(RulesetEnforcement)
        else RulesetEnforcement.DISABLED,
        include=get_strings(node, "conditions", "refName", "include"),
        exclude=get_strings(node, "conditions", "refName", "exclude"),
        rules=tuple(_parse_rule(each) for each in get_objects(node, "rules", "nodes")),
        bypass_actors=_parse_bypass_actors(node),
    )


def parse_branch_protection(node: JsonObject) -> BranchProtection:
    """Make a branch protection rule."""
    reviewed = get_bool(node, "requiresApprovingReviews")
    return BranchProtection(
        pattern=get_str(node, "pattern"),
        required_approvals=get_int(node, "requiredApprovingReviewCount") if reviewed else 0,
        require_code_owner_review=reviewed and get_bool(node, "requiresCodeOwnerReviews"),
        require_last_push_approval=reviewed and get_bool(node, "requireLastPushApproval"),
        enforce_admins=get_bool(node, "isAdminEnforced"),
        allows_force_pushes=get_bool(node, "allowsForcePushes"),
        allows_deletions=get_bool(node, "allowsDeletions"),
        restricts_pushes=get_bool(node, "restrictsPushes"),
        checks_of_any_app=tuple(
            get_str(check, "context")
            for check in get_objects(node, "requiredStatusChecks")
            if get_value(check, "app") is None
        )
        if get_bool(node, "requiresStatusChecks")
        else (),
        review_bypass=tuple(
            BypassActor(get_str(each, "__typename"), get_str(each, "login") or get_str(each, "slug"), "always")
            for each in (
                get_object(item, "actor") for item in get_objects(node, "bypassPullRequestAllowances", "nodes")
            )
        ),
    )


def _parse_rule(node: JsonObject) -> RulesetRule:
    parameters = get_object(node, "parameters")
    return RulesetRule(
        type=get_str(node, "type").lower(),
        required_approvals=get_int(parameters, "requiredApprovingReviewCount"),
        require_code_owner_review=get_bool(parameters, "requireCodeOwnerReview"),
        require_last_push_approval=get_bool(parameters, "requireLastPushApproval"),
        checks_of_any_app=tuple(
            get_str(check, "context")
            for check in get_objects(parameters, "requiredStatusChecks")
            if not get_int(check, "integrationId")
        ),
    )


def _parse_bypass_actors(node: JsonObject) -> MaybeKnown[tuple[BypassActor, ...]]:
    if get_value(node, BYPASS_FIELD) is None:
        return HIDDEN_BYPASS_ACTORS
    return Known(tuple(_parse_bypass_actor(each) for each in get_objects(node, BYPASS_FIELD, "nodes")))


def _parse_bypass_actor(node: JsonObject) -> BypassActor:
    mode = get_str(node, "bypassMode").lower()
    for flag, kind in (
        ("deployKey", "DeployKey"),
        ("organizationAdmin", "OrganizationAdmin"),
        ("enterpriseOwner", "EnterpriseOwner"),
    ):
        if get_bool(node, flag):
            return BypassActor(kind, "", mode)
    if role := get_str(node, "repositoryRoleName"):
        return BypassActor("RepositoryRole", role, mode)
    return BypassActor(get_str(node, "actor", "__typename"), get_str(node, "actor", "slug"), mode)
