"""Environments and what protects them, as GraphQL shows them."""

from typing import Any

from tests.fakes.github.graphql.connections import Node, connection
from tests.fakes.github.state.accounts import FakeAccount, FakeTeam
from tests.fakes.github.state.runs import FakeEnvironment


def environment_node(environment: FakeEnvironment) -> Node:
    """An environment."""

    def rules(**arguments: Any) -> Node:  # noqa: ANN401 - the field's arguments
        return connection(_protection(environment), "DeploymentProtectionRule", **arguments)

    return {
        "__typename": "Environment",
        "id": f"EN_{environment.id}",
        "databaseId": environment.id,
        "name": environment.name,
        "protectionRules": rules,
    }


def _protection(environment: FakeEnvironment) -> list[Node]:
    rules: list[Node] = []
    if environment.wait_timer:
        rules.append(_rule("WAIT_TIMER", environment, []))
    if environment.reviewers:
        rules.append(_rule("REQUIRED_REVIEWERS", environment, [_reviewer(each) for each in environment.reviewers]))
    if environment.branch_policy is not None:
        rules.append(_rule("BRANCH_POLICY", environment, []))
    return rules


def _reviewer(reviewer: FakeAccount | FakeTeam) -> Node:
    if isinstance(reviewer, FakeTeam):
        return {
            "__typename": "Team",
            "id": f"T_{reviewer.id}",
            "databaseId": reviewer.id,
            "slug": reviewer.slug,
            "name": reviewer.slug,
        }
    return {"__typename": "User", "id": f"U_{reviewer.id}", "databaseId": reviewer.id, "login": reviewer.login}


def _rule(kind: str, environment: FakeEnvironment, reviewers: list[Node]) -> Node:
    def listed(**arguments: Any) -> Node:  # noqa: ANN401 - the field's arguments
        return connection(reviewers, "DeploymentReviewer", **arguments)

    return {
        "__typename": "DeploymentProtectionRule",
        "databaseId": environment.id,
        "type": kind,
        "timeout": environment.wait_timer,
        "preventSelfReview": environment.prevent_self_review,
        "reviewers": listed,
    }
