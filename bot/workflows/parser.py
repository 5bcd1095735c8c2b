"""`strategy.matrix`: the values that `matrix.NAME` can have, as far as the file says so."""

from bot.documents_init import Mapping, Node, Scalar, Sequence
from bot.workflows.fields import FENCE, as_text, mapping, refuse

_LONGEST = 200  # characters of a name that somebody would write in an expression

Values = dict[str, list[str]]


def read_matrix(strategy: Node | None, what: str) -> tuple[dict[str, tuple[str, ...]], bool]:
    """Give every literal value by name (`os`, `config.os` inside an object), and whether those are all there can be.

    Values that `include` adds are among them. `exclude` takes combinations away, never a promise: it is not followed.
    """
    if strategy is None:
        return {}, True
    node = mapping(strategy, what).get("matrix") if not _is_expression(strategy) else strategy
    if node is None:
        return {}, True
    if _is_expression(node):
        return {}, False
    values: Values = {}
    complete = True
    for key, value in mapping(node, f"{what}.matrix").values.items():
        if key == "exclude":
            continue
        if FENCE in key:
            complete = False
        elif key == "include":
            complete &= _combinations(value, f"{what}.matrix.include", values)
        else:
            complete &= _axis(key, value, values)
    return {key: tuple(dict.fromkeys(found)) for key, found in values.items()}, complete


def _combinations(node: Node, what: str, values: Values) -> bool:
    if _is_expression(node):
        return False
    if isinstance(node, Scalar) and node.is_null:
        return True
    if not isinstance(node, Sequence):
        refuse(what, "a list of mappings", node)
    complete = True
    for item in node.items:
        if _is_expression(item):
            complete = False
            continue
        for key, value in mapping(item, what).values.items():
            complete &= _value(key, value, values)
    return complete


def _axis(key: str, node: Node, values: Values) -> bool:
    """Add the values of one axis; say whether they are all literal."""
    if isinstance(node, Sequence):
        complete = [_value(key, item, values) for item in node.items]  # each one, also behind one that is not literal
        return all(complete)
    return False  # an expression, or a shape that GitHub may read and we do not


def _value(key: str, node: Node, values: Values) -> bool:
    if len(key) > _LONGEST:
        return False
    if isinstance(node, Mapping):
        complete = [_value(f"{key}.{name}", inner, values) for name, inner in node.values.items()]
        return all(complete)
    if isinstance(node, Sequence) or FENCE in node.value:
        return False
    values.setdefault(key, []).append(as_text(node).value)
    return True


def _is_expression(node: Node) -> bool:
    return isinstance(node, Scalar) and FENCE in node.value
