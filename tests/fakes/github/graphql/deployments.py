"""Deployments and their statuses, as GraphQL shows them."""

from typing import Any

from tests.fakes.github.graphql.connections import Node, connection
from tests.fakes.github.json_types import Json, stamp
from tests.fakes.github.state.repository import Repository
from tests.fakes.github.state.runs import Deployment


def deployments_node(
    shown: Repository, environments: list[str] | None = None, orderBy: Json | None = None, **arguments: Any  # noqa: ANN401, N803 - as the schema has it
) -> Node:  # fmt: skip
    """The deployments to some environments, the oldest first unless it is asked for otherwise."""
    found = [each for each in shown.deployments.values() if environments is None or each.environment in environments]
    if orderBy is not None and orderBy["direction"] == "DESC":
        found.reverse()
    return connection([_deployment(each) for each in found], "Deployment", **arguments)


def _deployment(shown: Deployment) -> Node:
    def statuses(**arguments: Any) -> Node:  # noqa: ANN401 - the field's arguments
        nodes = [
            {"__typename": "DeploymentStatus", "state": each["state"].upper(), "createdAt": each["created_at"]}
            for each in shown.statuses
        ]
        return connection(nodes, "DeploymentStatus", **arguments)

    return {
        "__typename": "Deployment",
        "id": f"DE_{shown.id}",
        "databaseId": shown.id,
        "commitOid": shown.sha,
        "environment": shown.environment,
        "createdAt": stamp(shown.created),
        "statuses": statuses,
    }
