"""What is wrong with a policy file, in sentences: the line, the key, and the nearest name that would do."""

import difflib
from collections.abc import Iterable
from collections.abc import Sequence as List
from typing import Any

import jsonschema_rs
from jsonschema_rs import ValidationErrorKind as Kind

from bot.documents_init import Mapping, Node, Scalar, Sequence, shown
from bot.model.core_types import RegistryId
from bot.model.errors import PolicyError
from bot.policy.schema import policy_schema

_NAMED = {"rules": "rule", "gate": "condition", "signals": "signal"}  # what stands in these sections
LONGEST = 120  # characters of a key's path that are shown as they are

# JSON Schema's words for kinds of values, in those of YAML.
KINDS = {"object": "a mapping (key: value)", "array": "a list ([a, b])", "string": "text"}


def first_complaint(
    errors: List[jsonschema_rs.ValidationError], root: Node, registries: Iterable[RegistryId] = ()
) -> PolicyError:
    """Say in one sentence the first thing that the schema, made with these registries, found in the file read as `root`.

    A key that is mistyped is also one that is missing: then the mistyped one is told.
    """
    mistyped = [list(error.instance_path) for error in errors if isinstance(error.kind, Kind.AdditionalProperties)]
    told = [
        error
        for error in errors
        if not (isinstance(error.kind, Kind.Required) and list(error.instance_path) in mistyped)
    ]
    return min((_complaint(error, root, registries) for error in told), key=lambda error: error.line or 0)


def _complaint(error: jsonschema_rs.ValidationError, root: Node, registries: Iterable[RegistryId]) -> PolicyError:
    path = list(error.instance_path)
    node = _at(root, path)
    if isinstance(error.kind, Kind.AdditionalProperties):
        return _unknown_key(error.kind.unexpected, node, error, registries)
    return PolicyError(f"{_where(path)} {_wrong(error, node, registries)}", node.line)


def _wrong(error: jsonschema_rs.ValidationError, node: Node, registries: Iterable[RegistryId]) -> str:
    kind = error.kind
    match kind:
        case Kind.Enum():
            return f"is {_shown(node)}; {_choice(node, kind.options)}"
        case Kind.Constant():
            return f"is {_shown(node)}; write {kind.expected_value}"
        case Kind.Required():
            return f"lacks `{kind.property}`; add it"
        case Kind.Type():
            kinds = " or ".join(KINDS.get(each, each) for each in kind.types)
            return f"is {_shown(node)}; it is to be {kinds}"
        case Kind.Pattern() | Kind.MinLength() | Kind.MinItems() | Kind.MinProperties():
            return f"is {_shown(node)}; {_wanted(error, registries)}"
        case _:
            return f"does not hold to the schema: {shown(error.message)}"


def _where(path: list[str | int]) -> str:
    name = ".".join(map(str, path))
    if not name:
        return "the file"
    return f"`{name}`" if name.isprintable() and len(name) <= LONGEST else shown(name)


def _unknown_key(
    unexpected: list[str], node: Node, error: jsonschema_rs.ValidationError, registries: Iterable[RegistryId]
) -> PolicyError:
    key = unexpected[0]
    line = node.keys[key].line if isinstance(node, Mapping) and key in node.keys else node.line
    known = list(_schemas(error, registries)[-1]["properties"])
    path = list(error.instance_path)
    section, above = (str(part) for part in ([None, *path][-1], [None, None, *path][-2]))
    what = _NAMED.get(section) or ("option" if above in _NAMED else "key")
    return PolicyError(f"there is no {what} {shown(key)} here; {_nearest(key, known)}", line)


def _wanted(error: jsonschema_rs.ValidationError, registries: Iterable[RegistryId]) -> str:
    """Say what is wanted there, in the schema's own description, the nearest one there is."""
    described = [schema["description"] for schema in _schemas(error, registries) if "description" in schema]
    return f"what is wanted: {described[-1]}" if described else "write something there"


def _schemas(error: jsonschema_rs.ValidationError, registries: Iterable[RegistryId]) -> list[Any]:
    """List the schemas on the way to the word of the schema that was not held to, its own last."""
    whole = policy_schema(registries)
    schema: Any = whole
    passed: list[Any] = []
    for part in list(error.schema_path)[:-1]:
        if part == "$ref":
            schema = whole["$defs"][schema["$ref"].rpartition("/")[2]]
        else:
            schema = schema[int(part)] if isinstance(schema, list) else schema[str(part)]
        passed += [schema] if isinstance(schema, dict) else []
    return passed or [whole]


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
