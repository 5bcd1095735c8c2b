"""What a query costs, by GitHub's rules: pages must be bounded, 500,000 nodes at most, points by the requests behind it.

Source: docs.github.com, "Rate limits and query limits for the GraphQL API".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
)
from graphql.utilities import value_from_ast_untyped

from tests.fakes.github.graphql.schema import schema
from tests.fakes.github.json_types import Json

MAX_NODES = 500_000
MAX_PAGE_SIZE = 100


@dataclass
class QueryCost:
    """Nodes that could be returned, points charged, and what is wrong with the query's pages."""

    nodes: int = 0
    requests: int = 0
    errors: list[Json] = field(default_factory=list)

    @property
    def points(self) -> int:
        return max(1, round(self.requests / 100))


def query_cost(document: DocumentNode, variables: Mapping[str, Any]) -> QueryCost:
    """The cost of a query that is valid by the schema."""
    counted = QueryCost()
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            root = schema().get_root_type(definition.operation)
            _walk(definition.selection_set, root, 1, variables, fragments, counted)
    if counted.nodes > MAX_NODES:
        message = f"This query requests up to {counted.nodes:,} possible nodes which exceeds the maximum limit of {MAX_NODES:,}."
        counted.errors.append({"type": "MAX_NODE_LIMIT_EXCEEDED", "message": message})
    return counted


def _walk(
    selection: SelectionSetNode | None, parent: Any, times: int, variables: Mapping[str, Any],  # noqa: ANN401 - any type of the schema
    fragments: Mapping[str, FragmentDefinitionNode], counted: QueryCost,
) -> None:  # fmt: skip
    for node in selection.selections if selection else ():
        if isinstance(node, FragmentSpreadNode):
            fragment = fragments[node.name.value]
            kind = schema().get_type(fragment.type_condition.name.value)
            _walk(fragment.selection_set, kind, times, variables, fragments, counted)
        elif isinstance(node, InlineFragmentNode):
            kind = schema().get_type(node.type_condition.name.value) if node.type_condition else parent
            _walk(node.selection_set, kind, times, variables, fragments, counted)
        elif isinstance(node, FieldNode) and node.name.value != "__typename" and node.selection_set:
            _walk_field(node, parent, times, variables, fragments, counted)


def _walk_field(
    node: FieldNode, parent: Any, times: int, variables: Mapping[str, Any],  # noqa: ANN401 - any type of the schema
    fragments: Mapping[str, FragmentDefinitionNode], counted: QueryCost,
) -> None:  # fmt: skip
    if node.name.value.startswith("__"):
        return
    kind = get_named_type(parent.fields[node.name.value].type)
    if not (isinstance(kind, GraphQLObjectType) and kind.name.endswith("Connection")):
        _walk(node.selection_set, kind, times, variables, fragments, counted)
        return
    given = {each.name.value: value_from_ast_untyped(each.value, dict(variables)) for each in node.arguments or ()}
    first = given.get("first") or given.get("last")
    name = node.name.value
    if first is None:
        message = f"You must provide a `first` or `last` value to properly paginate the `{name}` connection."
        counted.errors.append({"type": "MISSING_PAGINATION_BOUNDARIES", "message": message})
        first = 1
    if first > MAX_PAGE_SIZE:
        message = f"Requesting {first} records on the `{name}` connection exceeds the `first` limit of {MAX_PAGE_SIZE} records."
        counted.errors.append({"type": "EXCESSIVE_PAGINATION", "message": message})
    counted.requests += times
    counted.nodes += times * first
    _walk(node.selection_set, kind, times * first, variables, fragments, counted)
