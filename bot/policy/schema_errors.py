"""Explains schema errors of a policy file with the line, the key and the closest valid name."""

import difflib
from collections.abc import Iterable
from collections.abc import Sequence as List
from typing import Any

import jsonschema_rs
from jsonschema_rs import ValidationErrorKind as Kind

from bot.model.core_types import RegistryId
from bot.model.errors import PolicyError
from bot.policy.policy_schema import policy_schema
from bot.yaml import YamlMapping, YamlNode, YamlScalar, YamlSequence, quoted

_ENTRY_NOUNS = {"rules": "rule", "gate": "condition", "alerts": "alert"}  # what stands in these sections
MAX_PATH_LENGTH = 120  # characters of a key's path that are shown as they are

# JSON Schema's words for kinds of values, in those of YAML.
TYPE_NAMES = {"object": "a mapping (key: value)", "array": "a list ([a, b])", "string": "text"}


def explain_schema_errors(
    errors: List[jsonschema_rs.ValidationError], root: YamlNode, registries: Iterable[RegistryId] = ()
) -> PolicyError:
    """Say in one sentence each what the schema, made with these registries, found in the file read as `root`.

    A key that is mistyped is also one that is missing: then the mistyped one is told.
    """
    mistyped = [list(error.instance_path) for error in errors if isinstance(error.kind, Kind.AdditionalProperties)]
    told = [
        error
        for error in errors
        if not (isinstance(error.kind, Kind.Required) and list(error.instance_path) in mistyped)
    ]
    return PolicyError.of_all(each for error in told for each in _schema_errors(error, root, registries))


def _schema_errors(
    error: jsonschema_rs.ValidationError, root: YamlNode, registries: Iterable[RegistryId]
) -> List[PolicyError]:
    path = list(error.instance_path)
    node = _node_at(root, path)
    if isinstance(error.kind, Kind.AdditionalProperties):
        return [_unknown_key_error(key, node, error, registries) for key in error.kind.unexpected]
    return [PolicyError(f"{_location(path)} {_problem(error, node, registries)}", node.line)]


def _problem(error: jsonschema_rs.ValidationError, node: YamlNode, registries: Iterable[RegistryId]) -> str:
    kind = error.kind
    match kind:
        case Kind.Enum():
            return f"is {_describe_node(node)}; {_allowed_values(node, kind.options)}"
        case Kind.Constant():
            return f"is {_describe_node(node)}; write {kind.expected_value}"
        case Kind.Required():
            return f"lacks `{kind.property}`; add it"
        case Kind.Type():
            kinds = " or ".join(TYPE_NAMES.get(each, each) for each in kind.types)
            return f"is {_describe_node(node)}; it is to be {kinds}"
        case Kind.Pattern() | Kind.MinLength() | Kind.MinItems() | Kind.MinProperties():
            return f"is {_describe_node(node)}; {_expected(error, registries)}"
        case _:
            return f"does not hold to the schema: {quoted(error.message)}"


def _location(path: list[str | int]) -> str:
    name = ".".join(map(str, path))
    if not name:
        return "the file"
    return f"`{name}`" if name.isprintable() and len(name) <= MAX_PATH_LENGTH else quoted(name)


def _unknown_key_error(
    key: str, node: YamlNode, error: jsonschema_rs.ValidationError, registries: Iterable[RegistryId]
) -> PolicyError:
    line = node.keys[key].line if isinstance(node, YamlMapping) and key in node.keys else node.line
    known = list(_schemas_on_path(error, registries)[-1]["properties"])
    path = list(error.instance_path)
    section, above = (str(part) for part in ([None, *path][-1], [None, None, *path][-2]))
    what = _ENTRY_NOUNS.get(section) or ("option" if above in _ENTRY_NOUNS else "key")
    return PolicyError(f"there is no {what} {quoted(key)} here; {_suggestion(key, known)}", line)


def _expected(error: jsonschema_rs.ValidationError, registries: Iterable[RegistryId]) -> str:
    """Say what is wanted there, in the schema's own description, the nearest one there is."""
    described = [schema["description"] for schema in _schemas_on_path(error, registries) if "description" in schema]
    return f"what is wanted: {described[-1]}" if described else "write something there"


def _schemas_on_path(error: jsonschema_rs.ValidationError, registries: Iterable[RegistryId]) -> list[Any]:
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


def _allowed_values(node: YamlNode, options: list[Any]) -> str:
    words = ["false" if option is False else str(option) for option in options]
    return _suggestion(node.value if isinstance(node, YamlScalar) else "", words)


def _suggestion(word: str, known: list[str]) -> str:
    """Say the nearest name there is, else all of them when they are few."""
    near = difflib.get_close_matches(word[:100], known, n=1)
    if near:
        return f"did you mean `{near[0]}`?"
    few = 12
    return "it may be " + ", ".join(f"`{name}`" for name in known[:few]) + (" …" if len(known) > few else "")


def _describe_node(node: YamlNode) -> str:
    match node:
        case YamlMapping():
            return "a mapping"
        case YamlSequence():
            return "a list"
        case YamlScalar():
            return quoted(node.value) if node.value else "empty"


def _node_at(root: YamlNode, path: list[str | int]) -> YamlNode:
    node = root
    for part in path:
        if isinstance(node, YamlMapping):
            node = node.values[str(part)]
        elif isinstance(node, YamlSequence):
            node = node.items[int(part)]
    return node
