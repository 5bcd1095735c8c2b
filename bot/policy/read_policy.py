"""Read a policy file: YAML, checked against the schema, errors with their line and the nearest name that would do."""

from collections.abc import Iterable
from functools import lru_cache
from typing import TypeAlias

import jsonschema_rs

from bot.checks.alerts import CHANGE_ALERTS
from bot.checks.gate import GATE_CONDITIONS
from bot.checks.rules import RULES
from bot.documents_init import YamlMapping, YamlNode, YamlScalar, YamlSequence, read_yaml
from bot.model.core_types import FullName, Mode, RegistryId, RuleName
from bot.model.errors import PolicyError, UnreadableError
from bot.policy.model import CheckSettings, Overrides, PolicyFile, PolicyLayer
from bot.policy.policy_schema import option_value, options_by_key, parse_duration
from bot.policy.schema import policy_schema
from bot.policy.schema_errors import first_schema_error
from bot.policy.sections import (
    nodes_at,
    read_identities,
    read_match,
    read_packages,
    read_reports,
    read_waivers,
    text_at,
)

PlainValue: TypeAlias = "dict[str, PlainValue] | list[PlainValue] | str | int | bool | None"

# What a plain word is in YAML's core schema, as far as a policy uses it. `off` stays a word.
YAML_BOOLEANS: dict[str, bool] = {"true": True, "True": True, "false": False, "False": False}

MAX_DIGITS = 9  # a longer number is not one that a policy means, and costs time to read

OPTIONS_BY_CHECK = (
    {rule.name: options_by_key(rule) for rule in RULES}
    | {condition.name: options_by_key(condition) for condition in GATE_CONDITIONS}
    | {signal.name: options_by_key(signal) for signal in CHANGE_ALERTS}
)


def read_policy(content: bytes, registries: Iterable[RegistryId], origin: str = "publishing.yml") -> PolicyFile:
    """Read one policy file; `registries` are the ids that `allow` may name, `origin` names the file in reports.

    Raises PolicyError with line and reason, for what is not YAML or not in the schema. A file that was read before is not
    read again: an organization's is asked for with every check.
    """
    return _read(content, tuple(registries), origin)


@lru_cache(maxsize=256)
def _read(content: bytes, registries: tuple[RegistryId, ...], origin: str) -> PolicyFile:
    try:
        root = read_yaml(content)
    except UnreadableError as error:
        raise PolicyError(error.reason, error.line) from error
    errors = list(_validator(registries).iter_errors(_plain_value(root)))
    if errors:
        raise first_schema_error(errors, root, registries)
    if not isinstance(root, YamlMapping):  # held by the schema; said again for the types
        raise PolicyError("the file is to be a mapping that begins with `version: 1`", root.line)
    return _policy_file(root, origin)


@lru_cache(maxsize=4)
def _validator(registries: tuple[RegistryId, ...]) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(policy_schema(registries))


def _policy_file(root: YamlMapping, origin: str) -> PolicyFile:
    said_overrides, longest, extends = (
        text_at(root, "overrides"),
        text_at(root, "max-waiver-duration"),
        text_at(root, "extends"),
    )
    return PolicyFile(
        origin=origin,
        mode=_mode(root),
        checks=_all_check_settings(root),
        own_overrides=Overrides(said_overrides) if said_overrides else None,
        own_max_waiver_duration=parse_duration(longest) if longest else None,
        repositories=tuple(_layer(item) for item in nodes_at(root, "repositories", YamlMapping)),
        identities=read_identities(root, origin),
        packages=read_packages(root, origin),
        waivers=read_waivers(root, origin),
        reports=read_reports(root),
        extends=FullName(extends) if extends else None,
    )


def _layer(item: YamlMapping) -> PolicyLayer:
    return PolicyLayer(mode=_mode(item), checks=_all_check_settings(item), match=read_match(item), line=item.line)


def _mode(holder: YamlMapping) -> Mode | None:
    said = text_at(holder, "mode")
    return Mode(said) if said else None


def _all_check_settings(holder: YamlMapping) -> dict[RuleName, CheckSettings]:
    """Read what is said of rules, of the gate's conditions and of alerts."""
    found = [each for each in map(holder.get, ("rules", "gate", "alerts")) if isinstance(each, YamlMapping)]
    return {RuleName(name): _check_settings(RuleName(name), said) for said in found for name in said.values}


def _check_settings(name: RuleName, section: YamlMapping) -> CheckSettings:
    node, line = section.values[name], section.keys[name].line
    if not isinstance(node, YamlMapping):
        return CheckSettings(line, off=True)
    known = OPTIONS_BY_CHECK[name]
    values = {known[key][0].name: option_value(value, known[key][1]) for key, value in node.values.items()}
    return CheckSettings(line, options=values)


def _plain_value(node: YamlNode) -> PlainValue:
    """Give a node as plain values, the way YAML's core schema types them."""
    match node:
        case YamlMapping():
            return {key: _plain_value(value) for key, value in node.values.items()}
        case YamlSequence():
            return [_plain_value(item) for item in node.items]
        case YamlScalar(is_null=True):
            return None
        case YamlScalar(style="plain", value=text):
            number = text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS
            return int(text) if number else YAML_BOOLEANS.get(text, text)
        case YamlScalar(value=text):
            return text
