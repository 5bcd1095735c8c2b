"""Validates fields of a workflow file and describes each unexpected shape in one sentence."""

from typing import NoReturn

from bot.model.errors import UnreadableError
from bot.workflows.workflow import SourceText, SourceTexts
from bot.yaml import YamlMapping, YamlNode, YamlScalar, YamlSequence, printable

EXPRESSION_START = "${{"
INSERT_KEY = "${{ insert }}"  # a key that pours another mapping into this one
_MAX_PATH_LENGTH = 200  # characters of a path in a sentence


def reject_shape(field_path: str, shape: str, node: YamlNode) -> NoReturn:
    """Say that `what` (a path such as jobs.build.steps) does not have the shape that GitHub demands."""
    short = field_path if len(field_path) <= _MAX_PATH_LENGTH else "…" + field_path[1 - _MAX_PATH_LENGTH :]
    raise UnreadableError(f"{short} has to be {shape}", node.line)


def extend_path(field_path: str, *keys: str) -> str:
    """Add keys to the path of a field, each made fit to be shown."""
    return ".".join((field_path, *map(printable, keys)))


def require_mapping(node: YamlNode, field_path: str) -> YamlMapping:
    """Demand a mapping."""
    if not isinstance(node, YamlMapping):
        reject_shape(field_path, "a mapping (key: value)", node)
    return node


def require_scalar(node: YamlNode, field_path: str) -> YamlScalar:
    """Demand a single value."""
    if not isinstance(node, YamlScalar):
        reject_shape(field_path, "a single value, not a list or mapping", node)
    return node


def source_text(node: YamlScalar) -> SourceText:
    """Give a scalar as the text GitHub reads: nothing, where nothing or null is written."""
    return SourceText("" if node.is_null else node.value, node.line, node.end_line, node.body_line, node.style)


def read_text(fields: YamlMapping, key: str, field_path: str) -> SourceText | None:
    """Give the single value of `key`, or None when it is not there."""
    node = fields.get(key)
    return None if node is None else source_text(require_scalar(node, extend_path(field_path, key)))


def read_texts(node: YamlNode | None, field_path: str) -> tuple[SourceTexts, SourceText | None]:
    """Give a mapping of single values, and the expression that stands for the mapping or is poured into it."""
    if node is None:
        return {}, None
    if isinstance(node, YamlScalar):
        if EXPRESSION_START not in node.value:
            reject_shape(field_path, "a mapping (key: value)", node)
        return {}, source_text(node)
    values: dict[str, SourceText] = {}
    expression = None
    for key, value in require_mapping(node, field_path).values.items():
        if key.startswith(EXPRESSION_START) and key.replace(" ", "") == INSERT_KEY.replace(" ", ""):
            expression = source_text(require_scalar(value, field_path))
        else:
            values[key] = source_text(require_scalar(value, extend_path(field_path, key)))
    return values, expression


def read_text_list(node: YamlNode | None, field_path: str) -> tuple[SourceText, ...]:
    """Give a list of single values; one value alone is a list of one."""
    if node is None:
        return ()
    if isinstance(node, YamlSequence):
        return tuple(source_text(require_scalar(item, field_path)) for item in node.items)
    return (source_text(require_scalar(node, field_path)),)
