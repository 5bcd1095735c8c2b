"""Read a policy file: YAML, checked against the schema, errors with their line and the nearest name that would do."""

from collections.abc import Iterable
from typing import TypeAlias

import jsonschema_rs

from bot.documents import Mapping, Node, Scalar, Sequence, read_document
from bot.errors import PolicyError, UnreadableError
from bot.names import Mode, RegistryId, RuleName, Severity
from bot.policy.complaint import complaint
from bot.policy.model import Option, Overrides, PolicyFile, Said
from bot.policy.schema import LATER, policy_schema

Value: TypeAlias = "dict[str, Value] | list[Value] | str | int | bool | None"

# What a plain word is in YAML's core schema, as far as a policy uses it. `off` stays a word.
WORDS: dict[str, bool] = {"true": True, "True": True, "false": False, "False": False}

MOST_DIGITS = 9  # a longer number is not one that a policy means, and costs time to read


def read_policy(content: bytes, registries: Iterable[RegistryId], origin: str = "publishing.yml") -> PolicyFile:
    """Read one policy file; `registries` are the ids that `allow` may name, `origin` names the file in reports.

    Raises PolicyError with line and reason: for what is not YAML, not in the schema, or not built yet.
    """
    try:
        root = read_document(content)
    except UnreadableError as error:
        raise PolicyError(error.reason, error.line) from error
    value = _value(root)
    errors = list(jsonschema_rs.validator_for(policy_schema(registries)).iter_errors(value))
    if errors:
        raise min((complaint(error, root) for error in errors), key=lambda error: error.line or 0)
    if not isinstance(root, Mapping):  # held by the schema; said again for the types
        raise PolicyError("the file is to be a mapping that begins with `version: 1`", root.line)
    for key in LATER:
        if key in root.values:
            raise PolicyError(
                f"`{key}` has no meaning in this version of Wharfinger yet; take it out, so that nobody trusts in it",
                root.keys[key].line,
            )
    return _file(root, origin)


def _file(root: Mapping, origin: str) -> PolicyFile:
    mode, overrides, rules = root.get("mode"), root.get("overrides"), root.get("rules")
    return PolicyFile(
        origin=origin,
        mode=Mode(mode.value) if isinstance(mode, Scalar) else None,
        rules={RuleName(name): _said(name, rules) for name in rules.values} if isinstance(rules, Mapping) else {},
        overrides=Overrides(overrides.value) if isinstance(overrides, Scalar) else Overrides.STRICTER,
    )


def _said(name: str, rules: Mapping) -> Said:
    node, line = rules.values[name], rules.keys[name].line
    if not isinstance(node, Mapping):
        return Said(line, off=True)
    return Said(line, options={option: _option(option, value) for option, value in node.values.items()})


def _option(name: str, node: Node) -> Option:
    """Turn a value that holds to the schema into the type of the rule's field."""
    if isinstance(node, Sequence):
        return tuple(RegistryId(item.value) for item in node.items if isinstance(item, Scalar))
    word = node.value if isinstance(node, Scalar) else ""
    return Mode(word) if name == "mode" else Severity(word)


def _value(node: Node) -> Value:
    """Give a node as plain values, the way YAML's core schema types them."""
    match node:
        case Mapping():
            return {key: _value(value) for key, value in node.values.items()}
        case Sequence():
            return [_value(item) for item in node.items]
        case Scalar(is_null=True):
            return None
        case Scalar(style="plain", value=text):
            number = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
            return int(text) if number else WORDS.get(text, text)
        case Scalar(value=text):
            return text
