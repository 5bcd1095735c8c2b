"""Deployments and their statuses, as GraphQL shows them."""

from typing import Any

from tests.fakes.github.graphql.connections import Node, connection
from tests.fakes.github.json_types import Json, timestamp
from tests.fakes.github.state.repository import FakeRepository
from tests.fakes.github.state.runs import FakeDeployment


def deployments_node(
    repo: FakeRepository, environments: list[str] | None = None, orderBy: Json | None = None, **arguments: Any  # noqa: ANN401, N803 - as the schema has it
) -> Node:  # fmt: skip
    """The deployments to some environments, the oldest first unless it is asked for otherwise."""
    found = [each for each in repo.deployments.values() if environments is None or each.environment in environments]
    if orderBy is not None and orderBy["direction"] == "DESC":
        found.reverse()
    return connection([_deployment(each) for each in found], "Deployment", **arguments)


def _deployment(deployment: FakeDeployment) -> Node:
    def statuses(**arguments: Any) -> Node:  # noqa: ANN401 - the field's arguments
        nodes = [
            {"__typename": "DeploymentStatus", "state": each["state"].upper(), "createdAt": each["created_at"]}
            for each in deployment.statuses
        ]
        return connection(nodes, "DeploymentStatus", **arguments)

    return {
        "__typename": "Deployment",
        "id": f"DE_{deployment.id}",
        "databaseId": deployment.id,
        "commitOid": deployment.sha,
        "environment": deployment.environment,
        "createdAt": timestamp(deployment.created),
        "statuses": statuses,
    }
