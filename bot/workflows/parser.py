"""`strategy.matrix`: the values that `matrix.NAME` can have, as far as the file says so."""

from bot.documents_init import YamlMapping, YamlNode, YamlScalar, YamlSequence
from bot.workflows.fields import EXPRESSION_START, reject_shape, require_mapping, source_text

_MAX_KEY_LENGTH = 200  # characters of a name that somebody would write in an expression

MatrixValues = dict[str, list[str]]


def read_matrix(strategy: YamlNode | None, field_path: str) -> tuple[dict[str, tuple[str, ...]], bool]:
    """Give every literal value by name (`os`, `config.os` inside an object), and whether those are all there can be.

    Values that `include` adds are among them. `exclude` takes combinations away, never a promise: it is not followed.
    """
    if strategy is None:
        return {}, True
    node = require_mapping(strategy, field_path).get("matrix") if not _is_expression(strategy) else strategy
    if node is None:
        return {}, True
    if _is_expression(node):
        return {}, False
    values: MatrixValues = {}
    complete = True
    for key, value in require_mapping(node, f"{field_path}.matrix").values.items():
        if key == "exclude":
            continue
        if EXPRESSION_START in key:
            complete = False
        elif key == "include":
            complete &= _add_combinations(value, f"{field_path}.matrix.include", values)
        else:
            complete &= _add_axis(key, value, values)
    return {key: tuple(dict.fromkeys(found)) for key, found in values.items()}, complete


def _add_combinations(node: YamlNode, field_path: str, values: MatrixValues) -> bool:
    if _is_expression(node):
        return False
    if isinstance(node, YamlScalar) and node.is_null:
        return True
    if not isinstance(node, YamlSequence):
        reject_shape(field_path, "a list of mappings", node)
    complete = True
    for item in node.items:
        if _is_expression(item):
            complete = False
            continue
        for key, value in require_mapping(item, field_path).values.items():
            complete &= _add_value(key, value, values)
    return complete


def _add_axis(key: str, node: YamlNode, values: MatrixValues) -> bool:
    """Add the values of one axis; say whether they are all literal."""
    if isinstance(node, YamlSequence):
        complete = [
            _add_value(key, item, values) for item in node.items
        ]  # each one, also behind one that is not literal
        return all(complete)
    return False  # an expression, or a shape that GitHub may read and we do not


def _add_value(key: str, node: YamlNode, values: MatrixValues) -> bool:
    if len(key) > _MAX_KEY_LENGTH:
        return False
    if isinstance(node, YamlMapping):
        complete = [_add_value(f"{key}.{name}", inner, values) for name, inner in node.values.items()]
        return all(complete)
    if isinstance(node, YamlSequence) or EXPRESSION_START in node.value:
        return False
    values.setdefault(key, []).append(source_text(node).value)
    return True


def _is_expression(node: YamlNode) -> bool:
    return isinstance(node, YamlScalar) and EXPRESSION_START in node.value
