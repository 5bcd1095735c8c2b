"""Lists every part of an answer that a GraphQL query asks for."""

from collections.abc import Iterator

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
)


def response_paths(query: str) -> tuple[str, ...]:
    """Return the path to each field (`repository.commit.oid`), by its alias where it has one, without places in lists."""
    document = parse(query)
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    operation = next(each for each in document.definitions if isinstance(each, OperationDefinitionNode))
    return tuple(dict.fromkeys(_paths(operation.selection_set, "", fragments)))


def _paths(
    selected: SelectionSetNode | None, above: str, fragments: dict[str, FragmentDefinitionNode]
) -> Iterator[str]:
    for each in selected.selections if selected else ():
        if isinstance(each, FieldNode):
            path = f"{above}{(each.alias or each.name).value}"
            yield path
            yield from _paths(each.selection_set, f"{path}.", fragments)
        elif isinstance(each, InlineFragmentNode):
            yield from _paths(each.selection_set, above, fragments)
        elif isinstance(each, FragmentSpreadNode):
            yield from _paths(fragments[each.name.value].selection_set, above, fragments)
