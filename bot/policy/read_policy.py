"""Read a policy file: YAML, checked against the schema, errors with their line and the nearest name that would do."""

from collections.abc import Iterable
from functools import lru_cache
from typing import TypeAlias

import jsonschema_rs

from bot.checks.alerts import SIGNALS
from bot.checks.gate import CONDITIONS
from bot.checks.rules import RULES
from bot.documents_init import Mapping, Node, Scalar, Sequence, read_document
from bot.model.core_types import FullName, Mode, RegistryId, RuleName
from bot.model.errors import PolicyError, UnreadableError
from bot.policy.model import Layer, Overrides, PolicyFile, Said
from bot.policy.policy_schema import duration, option_value, options_of
from bot.policy.schema import policy_schema
from bot.policy.schema_errors import first_complaint
from bot.policy.sections import nodes, read_identities, read_match, read_packages, read_reports, read_waivers, word

Value: TypeAlias = "dict[str, Value] | list[Value] | str | int | bool | None"

# What a plain word is in YAML's core schema, as far as a policy uses it. `off` stays a word.
WORDS: dict[str, bool] = {"true": True, "True": True, "false": False, "False": False}

MOST_DIGITS = 9  # a longer number is not one that a policy means, and costs time to read

OPTIONS = (
    {rule.name: options_of(rule) for rule in RULES}
    | {condition.name: options_of(condition) for condition in CONDITIONS}
    | {signal.name: options_of(signal) for signal in SIGNALS}
)


def read_policy(content: bytes, registries: Iterable[RegistryId], origin: str = "publishing.yml") -> PolicyFile:
    """Read one policy file; `registries` are the ids that `allow` may name, `origin` names the file in reports.

    Raises PolicyError with line and reason, for what is not YAML or not in the schema. A file that was read before is not
    read again: an organisation's is asked for with every check.
    """
    return _read(content, tuple(registries), origin)


@lru_cache(maxsize=256)
def _read(content: bytes, registries: tuple[RegistryId, ...], origin: str) -> PolicyFile:
    try:
        root = read_document(content)
    except UnreadableError as error:
        raise PolicyError(error.reason, error.line) from error
    errors = list(_validator(registries).iter_errors(_value(root)))
    if errors:
        raise first_complaint(errors, root, registries)
    if not isinstance(root, Mapping):  # held by the schema; said again for the types
        raise PolicyError("the file is to be a mapping that begins with `version: 1`", root.line)
    return _file(root, origin)


@lru_cache(maxsize=4)
def _validator(registries: tuple[RegistryId, ...]) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(policy_schema(registries))


def _file(root: Mapping, origin: str) -> PolicyFile:
    said_overrides, longest, extends = word(root, "overrides"), word(root, "max-waiver-duration"), word(root, "extends")
    return PolicyFile(
        origin=origin,
        mode=_mode(root),
        rules=_rules(root),
        said_overrides=Overrides(said_overrides) if said_overrides else None,
        said_longest_waiver=duration(longest) if longest else None,
        repositories=tuple(_layer(item) for item in nodes(root, "repositories", Mapping)),
        identities=read_identities(root, origin),
        packages=read_packages(root, origin),
        waivers=read_waivers(root, origin),
        reports=read_reports(root),
        extends=FullName(extends) if extends else None,
    )


def _layer(item: Mapping) -> Layer:
    return Layer(mode=_mode(item), rules=_rules(item), match=read_match(item), line=item.line)


def _mode(holder: Mapping) -> Mode | None:
    said = word(holder, "mode")
    return Mode(said) if said else None


def _rules(holder: Mapping) -> dict[RuleName, Said]:
    """Read what is said of rules, of the gate's conditions and of signals."""
    found = [each for each in map(holder.get, ("rules", "gate", "signals")) if isinstance(each, Mapping)]
    return {RuleName(name): _said(RuleName(name), said) for said in found for name in said.values}


def _said(name: RuleName, rules: Mapping) -> Said:
    node, line = rules.values[name], rules.keys[name].line
    if not isinstance(node, Mapping):
        return Said(line, off=True)
    known = OPTIONS[name]
    values = {known[key][0].name: option_value(value, known[key][1]) for key, value in node.values.items()}
    return Said(line, options=values)


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
