"""Fields of a workflow file: each function takes a node, demands its shape, and says in one sentence what is wrong with another."""

from typing import NoReturn

from bot.documents_init import Mapping, Node, Scalar, Sequence, fit
from bot.model.errors import UnreadableError
from bot.workflows.workflow import Text, Texts

FENCE = "${{"
INSERT = "${{ insert }}"  # a key that pours another mapping into this one
_LONGEST = 200  # characters of a path in a sentence


def refuse(what: str, shape: str, node: Node) -> NoReturn:
    """Say that `what` (a path such as jobs.build.steps) does not have the shape that GitHub demands."""
    short = what if len(what) <= _LONGEST else "…" + what[1 - _LONGEST :]
    raise UnreadableError(f"{short} has to be {shape}", node.line)


def name(what: str, *keys: str) -> str:
    """Add keys to the path of a field, each made fit to be shown."""
    return ".".join((what, *map(fit, keys)))


def mapping(node: Node, what: str) -> Mapping:
    """Demand a mapping."""
    if not isinstance(node, Mapping):
        refuse(what, "a mapping (key: value)", node)
    return node


def scalar(node: Node, what: str) -> Scalar:
    """Demand a single value."""
    if not isinstance(node, Scalar):
        refuse(what, "a single value, not a list or mapping", node)
    return node


def as_text(node: Scalar) -> Text:
    """Give a scalar as the text GitHub reads: nothing, where nothing or null is written."""
    return Text("" if node.is_null else node.value, node.line, node.end_line, node.body_line, node.style)


def text(fields: Mapping, key: str, what: str) -> Text | None:
    """Give the single value of `key`, or None when it is not there."""
    node = fields.get(key)
    return None if node is None else as_text(scalar(node, name(what, key)))


def texts(node: Node | None, what: str) -> tuple[Texts, Text | None]:
    """Give a mapping of single values, and the expression that stands for the mapping or is poured into it."""
    if node is None:
        return {}, None
    if isinstance(node, Scalar):
        if FENCE not in node.value:
            refuse(what, "a mapping (key: value)", node)
        return {}, as_text(node)
    values: dict[str, Text] = {}
    expression = None
    for key, value in mapping(node, what).values.items():
        if key.startswith(FENCE) and key.replace(" ", "") == INSERT.replace(" ", ""):
            expression = as_text(scalar(value, what))
        else:
            values[key] = as_text(scalar(value, name(what, key)))
    return values, expression


def text_list(node: Node | None, what: str) -> tuple[Text, ...]:
    """Give a list of single values; one value alone is a list of one."""
    if node is None:
        return ()
    if isinstance(node, Sequence):
        return tuple(as_text(scalar(item, what)) for item in node.items)
    return (as_text(scalar(node, what)),)
