"""Rulesets and branch protection, as GraphQL shows what the stand-in keeps in the words of REST."""

from typing import Any

from tests.fakes.github.graphql.connections import Node, connection
from tests.fakes.github.graphql.token_view import View
from tests.fakes.github.json_types import Json
from tests.fakes.github.permission_levels import holds
from tests.fakes.github.plan_features import offers
from tests.fakes.github.routes.rulesets import reaching
from tests.fakes.github.state.repository import Repository


def rulesets_node(view: View, shown: Repository, **arguments: Any) -> Node:  # noqa: ANN401 - the field's arguments
    """A repository's rulesets; without the plan for them there are none."""
    parents = arguments.get("includeParents", True)
    found = reaching(shown) if offers(shown, "rulesets") else []
    mine = [each for each in found if parents or each["source_type"] == "Repository"]
    return connection([_ruleset(view, each) for each in mine], "RepositoryRuleset", **arguments)


def protections_node(shown: Repository, **arguments: Any) -> Node:  # noqa: ANN401 - the field's arguments
    """A repository's branch protection rules."""
    nodes = [_protection(branch, each) for branch, each in shown.protections.items()]
    return connection(nodes, "BranchProtectionRule", **arguments)


def _ruleset(view: View, kept: Json) -> Node:
    organisations = kept["source_type"] == "Organization"
    source = {"login": kept["source"]} if organisations else {"nameWithOwner": kept["source"]}
    ref_name = kept.get("conditions", {}).get("ref_name", {"include": ["~ALL"], "exclude": []})
    needed = "organization_administration=write" if organisations else "administration=write"

    def rules(**arguments: Any) -> Node:  # noqa: ANN401 - the field's arguments
        return connection([_rule(each) for each in kept.get("rules", ())], "RepositoryRule", **arguments)

    def actors(**arguments: Any) -> Node | None:  # noqa: ANN401 - the field's arguments
        if not holds(view.token.permissions, needed):
            return None
        nodes = [_actor(each) for each in kept.get("bypass_actors", ())]
        return connection(nodes, "RepositoryRulesetBypassActor", **arguments)

    return {
        "__typename": "RepositoryRuleset",
        "databaseId": kept["id"],
        "name": kept["name"],
        "target": kept.get("target", "branch").upper(),
        "enforcement": kept["enforcement"].upper(),
        "source": {"__typename": kept["source_type"], **source},
        "conditions": {"refName": {"include": ref_name.get("include", []), "exclude": ref_name.get("exclude", [])}},
        "rules": rules,
        "bypassActors": actors,
    }


def _rule(kept: Json) -> Node:
    return {"__typename": "RepositoryRule", "type": kept["type"].upper(), "parameters": _parameters(kept)}


def _parameters(kept: Json) -> Node | None:
    given = kept.get("parameters", {})
    if kept["type"] == "pull_request":
        return {
            "__typename": "PullRequestParameters",
            "requiredApprovingReviewCount": given.get("required_approving_review_count", 0),
            "requireCodeOwnerReview": given.get("require_code_owner_review", False),
            "requireLastPushApproval": given.get("require_last_push_approval", False),
        }
    if kept["type"] == "required_status_checks":
        checks = [{"context": each["context"]} for each in given.get("required_status_checks", ())]
        return {"__typename": "RequiredStatusChecksParameters", "requiredStatusChecks": checks}
    return None


def _actor(kept: Json) -> Node:
    kind = kept["actor_type"]
    return {
        "__typename": "RepositoryRulesetBypassActor",
        "bypassMode": kept.get("bypass_mode", "always").upper(),
        "deployKey": kind == "DeployKey",
        "organizationAdmin": kind == "OrganizationAdmin",
        "enterpriseOwner": kind == "EnterpriseOwner",
        "repositoryRoleName": "admin" if kind == "RepositoryRole" else None,
        "actor": {"__typename": "Team", "slug": str(kept.get("actor_id"))} if kind == "Team" else None,
    }


def _protection(branch: str, kept: Json) -> Node:
    reviews = kept.get("required_pull_request_reviews")
    checks = kept.get("required_status_checks")
    return {
        "__typename": "BranchProtectionRule",
        "pattern": branch,
        "requiresApprovingReviews": reviews is not None,
        "requiredApprovingReviewCount": (reviews or {}).get("required_approving_review_count"),
        "requiresCodeOwnerReviews": (reviews or {}).get("require_code_owner_reviews", False),
        "requireLastPushApproval": (reviews or {}).get("require_last_push_approval", False),
        "isAdminEnforced": kept.get("enforce_admins", {}).get("enabled", False),
        "allowsForcePushes": kept.get("allow_force_pushes", {}).get("enabled", False),
        "allowsDeletions": kept.get("allow_deletions", {}).get("enabled", False),
        "restrictsPushes": kept.get("restrictions") is not None,
        "requiresStatusChecks": checks is not None,
        "requiredStatusCheckContexts": (checks or {}).get("contexts", []),
    }
