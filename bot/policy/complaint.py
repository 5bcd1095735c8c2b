"""What is wrong with a policy file, in sentences: the line, the key, and the nearest name that would do."""

import difflib
from typing import Any

import jsonschema_rs
from jsonschema_rs import ValidationErrorKind as Kind

from bot.documents import Mapping, Node, Scalar, Sequence, shown
from bot.errors import PolicyError
from bot.policy.schema import policy_schema

LONGEST = 120  # characters of a key's path that are shown as they are

# JSON Schema's words for kinds of values, in those of YAML.
KINDS = {"object": "a mapping (key: value)", "array": "a list ([a, b])", "string": "text"}


def complaint(error: jsonschema_rs.ValidationError, root: Node) -> PolicyError:
    """Say in one sentence what the schema found in the file that `root` was read from."""
    path = list(error.instance_path)
    node = _at(root, path)
    kind = error.kind
    where = _where(path)
    match kind:
        case Kind.AdditionalProperties():
            return _unknown_key(kind.unexpected, node, error)
        case Kind.Enum():
            return PolicyError(f"{where} is {_shown(node)}; {_choice(node, kind.options)}", node.line)
        case Kind.Constant():
            return PolicyError(f"{where} is {_shown(node)}; write {kind.expected_value}", node.line)
        case Kind.Required():
            return PolicyError(f"{where} lacks `{kind.property}`; add it", node.line)
        case Kind.Type():
            kinds = " or ".join(KINDS.get(each, each) for each in kind.types)
            return PolicyError(f"{where} is {_shown(node)}; it is to be {kinds}", node.line)
        case _:
            return PolicyError(f"{where} does not hold to the schema: {shown(error.message)}", node.line)


def _where(path: list[str | int]) -> str:
    name = ".".join(map(str, path))
    if not name:
        return "the file"
    return f"`{name}`" if name.isprintable() and len(name) <= LONGEST else shown(name)


def _unknown_key(unexpected: list[str], node: Node, error: jsonschema_rs.ValidationError) -> PolicyError:
    key = unexpected[0]
    line = node.keys[key].line if isinstance(node, Mapping) and key in node.keys else node.line
    known = _known_keys(error)
    path = list(error.instance_path)
    what = "rule" if path[-1:] == ["rules"] else "option" if path[-2:-1] == ["rules"] else "key"
    return PolicyError(f"there is no {what} {shown(key)} here; {_nearest(key, known)}", line)


def _known_keys(error: jsonschema_rs.ValidationError) -> list[str]:
    """List what may stand where the unknown key stands."""
    schema: Any = policy_schema([])
    for part in list(error.schema_path)[:-1]:
        schema = schema[int(part)] if isinstance(schema, list) else schema[str(part)]
    return list(schema["properties"])


def _choice(node: Node, options: list[Any]) -> str:
    words = ["false" if option is False else str(option) for option in options]
    return _nearest(node.value if isinstance(node, Scalar) else "", words)


def _nearest(word: str, known: list[str]) -> str:
    """Say the nearest name there is, else all of them when they are few."""
    near = difflib.get_close_matches(word[:100], known, n=1)
    if near:
        return f"did you mean `{near[0]}`?"
    few = 12
    return "it may be " + ", ".join(f"`{name}`" for name in known[:few]) + (" …" if len(known) > few else "")


def _shown(node: Node) -> str:
    match node:
        case Mapping():
            return "a mapping"
        case Sequence():
            return "a list"
        case Scalar():
            return shown(node.value) if node.value else "empty"


def _at(root: Node, path: list[str | int]) -> Node:
    node = root
    for part in path:
        if isinstance(node, Mapping):
            node = node.values[str(part)]
        elif isinstance(node, Sequence):
            node = node.items[int(part)]
    return node
