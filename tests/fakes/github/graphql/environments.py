"""Environments and what protects them, as GraphQL shows them."""

from typing import Any

from tests.fakes.github.graphql.connections import Node, connection
from tests.fakes.github.state.accounts import Account, Team
from tests.fakes.github.state.runs import Environment


def environment_node(shown: Environment) -> Node:
    """An environment."""

    def rules(**arguments: Any) -> Node:  # noqa: ANN401 - the field's arguments
        return connection(_protection(shown), "DeploymentProtectionRule", **arguments)

    return {
        "__typename": "Environment",
        "id": f"EN_{shown.id}",
        "databaseId": shown.id,
        "name": shown.name,
        "protectionRules": rules,
    }


def _protection(shown: Environment) -> list[Node]:
    rules: list[Node] = []
    if shown.wait_timer:
        rules.append(_rule("WAIT_TIMER", shown, []))
    if shown.reviewers:
        rules.append(_rule("REQUIRED_REVIEWERS", shown, [_reviewer(each) for each in shown.reviewers]))
    if shown.policy is not None:
        rules.append(_rule("BRANCH_POLICY", shown, []))
    return rules


def _reviewer(each: Account | Team) -> Node:
    if isinstance(each, Team):
        return {"__typename": "Team", "id": f"T_{each.id}", "databaseId": each.id, "slug": each.slug, "name": each.slug}
    return {"__typename": "User", "id": f"U_{each.id}", "databaseId": each.id, "login": each.login}


def _rule(kind: str, shown: Environment, reviewers: list[Node]) -> Node:
    def listed(**arguments: Any) -> Node:  # noqa: ANN401 - the field's arguments
        return connection(reviewers, "DeploymentReviewer", **arguments)

    return {
        "__typename": "DeploymentProtectionRule",
        "databaseId": shown.id,
        "type": kind,
        "timeout": shown.wait_timer,
        "preventSelfReview": shown.prevent_self_review,
        "reviewers": listed,
    }
