"""Rulesets and branch protection, as GraphQL shows what the stand-in keeps in the words of REST."""

from typing import Any

from tests.fakes.github.graphql.connections import Node, connection
from tests.fakes.github.graphql.token_view import TokenView
from tests.fakes.github.json_types import Json
from tests.fakes.github.permission_levels import grants
from tests.fakes.github.plan_features import plan_includes
from tests.fakes.github.routes.rulesets import rulesets_applying_to
from tests.fakes.github.state.repository import FakeRepository

_ROLES = {2: "maintain", 4: "write", 5: "admin"}  # docs.github.com/rest/repos/rules: ids of the roles that may be named
_ACTORS = {"Team": "Team", "Integration": "App"}


def rulesets_node(view: TokenView, repo: FakeRepository, **arguments: Any) -> Node:  # noqa: ANN401 - the field's arguments
    """A repository's rulesets; without the plan for them there are none."""
    parents = arguments.get("includeParents", True)
    found = rulesets_applying_to(repo) if plan_includes(repo, "rulesets") else []
    mine = [each for each in found if parents or each["source_type"] == "Repository"]
    return connection([_ruleset(view, each) for each in mine], "RepositoryRuleset", **arguments)


def protections_node(repo: FakeRepository, **arguments: Any) -> Node:  # noqa: ANN401 - the field's arguments
    """A repository's branch protection rules."""
    nodes = [_protection(branch, each) for branch, each in repo.branch_protections.items()]
    return connection(nodes, "BranchProtectionRule", **arguments)


def _ruleset(view: TokenView, stored: Json) -> Node:
    organizations = stored["source_type"] == "Organization"
    source = {"login": stored["source"]} if organizations else {"nameWithOwner": stored["source"]}
    ref_name = stored.get("conditions", {}).get("ref_name", {"include": ["~ALL"], "exclude": []})
    needed = "organization_administration=write" if organizations else "administration=write"

    def rules(**arguments: Any) -> Node:  # noqa: ANN401 - the field's arguments
        return connection([_rule(each) for each in stored.get("rules", ())], "RepositoryRule", **arguments)

    def actors(**arguments: Any) -> Node | None:  # noqa: ANN401 - the field's arguments
        if not grants(view.token.permissions, needed):
            return None
        nodes = [_actor(each) for each in stored.get("bypass_actors", ())]
        return connection(nodes, "RepositoryRulesetBypassActor", **arguments)

    return {
        "__typename": "RepositoryRuleset",
        "databaseId": stored["id"],
        "name": stored["name"],
        "target": stored.get("target", "branch").upper(),
        "enforcement": stored["enforcement"].upper(),
        "source": {"__typename": stored["source_type"], **source},
        "conditions": {"refName": {"include": ref_name.get("include", []), "exclude": ref_name.get("exclude", [])}},
        "rules": rules,
        "bypassActors": actors,
    }


def _rule(stored: Json) -> Node:
    return {"__typename": "RepositoryRule", "type": stored["type"].upper(), "parameters": _parameters(stored)}


def _parameters(stored: Json) -> Node | None:
    given = stored.get("parameters", {})
    if stored["type"] == "pull_request":
        return {
            "__typename": "PullRequestParameters",
            "requiredApprovingReviewCount": given.get("required_approving_review_count", 0),
            "requireCodeOwnerReview": given.get("require_code_owner_review", False),
            "requireLastPushApproval": given.get("require_last_push_approval", False),
        }
    if stored["type"] == "required_status_checks":
        checks = [
            {"context": each["context"], "integrationId": each.get("integration_id")}
            for each in given.get("required_status_checks", ())
        ]
        return {"__typename": "RequiredStatusChecksParameters", "requiredStatusChecks": checks}
    return None


def _actor(stored: Json) -> Node:
    kind = stored["actor_type"]
    return {
        "__typename": "RepositoryRulesetBypassActor",
        "bypassMode": stored.get("bypass_mode", "always").upper(),
        "deployKey": kind == "DeployKey",
        "organizationAdmin": kind == "OrganizationAdmin",
        "enterpriseOwner": kind == "EnterpriseOwner",
        "repositoryRoleName": _ROLES.get(stored["actor_id"], "custom") if kind == "RepositoryRole" else None,
        "actor": {"__typename": _ACTORS[kind], "slug": str(stored.get("actor_id"))} if kind in _ACTORS else None,
    }


def _protection(branch: str, stored: Json) -> Node:
    reviews = stored.get("required_pull_request_reviews")
    checks = stored.get("required_status_checks")
    allowed = (reviews or {}).get("bypass_pull_request_allowances", {})
    actors = [
        *({"__typename": "User", "login": each["login"]} for each in allowed.get("users", ())),
        *({"__typename": "Team", "slug": each["slug"]} for each in allowed.get("teams", ())),
        *({"__typename": "App", "slug": each["slug"]} for each in allowed.get("apps", ())),
    ]
    bypassing = [{"__typename": "BypassPullRequestAllowance", "actor": each} for each in actors]
    return {
        "__typename": "BranchProtectionRule",
        "pattern": branch,
        "requiresApprovingReviews": reviews is not None,
        "requiredApprovingReviewCount": (reviews or {}).get("required_approving_review_count"),
        "requiresCodeOwnerReviews": (reviews or {}).get("require_code_owner_reviews", False),
        "requireLastPushApproval": (reviews or {}).get("require_last_push_approval", False),
        "isAdminEnforced": stored.get("enforce_admins", {}).get("enabled", False),
        "allowsForcePushes": stored.get("allow_force_pushes", {}).get("enabled", False),
        "allowsDeletions": stored.get("allow_deletions", {}).get("enabled", False),
        "restrictsPushes": stored.get("restrictions") is not None,
        "requiresStatusChecks": checks is not None,
        "requiredStatusChecks": [
            {"context": each["context"], "app": {"slug": "app"} if each.get("app_id") else None}
            for each in (checks or {}).get("checks", ())
        ],
        "bypassPullRequestAllowances": lambda **arguments: connection(
            bypassing, "BypassPullRequestAllowance", **arguments
        ),
    }
