"""Builds the JSON Schema of a policy file and defines the value types of rule options."""

import json
from collections.abc import Iterable
from dataclasses import Field, fields
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeAlias, get_args, get_origin, get_type_hints

from bot.checks.alerts import CHANGE_ALERTS, ChangeAlert
from bot.checks.check import Rule, StricterWhen
from bot.checks.gate import GATE_CONDITIONS, GateCondition
from bot.checks.rules import RULES
from bot.model.core_types import DayRange, RegistryId
from bot.yaml import YamlNode, YamlScalar, YamlSequence

# The value of one option, by the type of the rule's field.
OptionValue: TypeAlias = StrEnum | bool | int | timedelta | tuple[str, ...]
JsonSchema: TypeAlias = dict[str, Any]  # JSON, as the validator takes it

DURATION_PATTERN = r"^[1-9][0-9]{0,3}[mhdw]$"
DAY_RANGE_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}/[0-9]{4}-[0-9]{2}-[0-9]{2}$"
WILDCARD = "*"  # in a list of exceptions: everything is one
DURATION_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def option_key(field: "Field[Any]") -> str:
    """Return the key of a rule's option in a file: `max-age` of the field `max_age`."""
    return field.name.replace("_", "-")


def options_by_key(check: type[Rule | GateCondition | ChangeAlert]) -> dict[str, tuple["Field[Any]", Any]]:
    """Return the options of a rule, a condition of the gate or an alert by key, each with its field and its type."""
    kinds = get_type_hints(check)
    return {option_key(field): (field, kinds[field.name]) for field in fields(check)}


def option_schema(field: "Field[Any]", kind: Any, registries: list[RegistryId] | None) -> JsonSchema:  # noqa: ANN401 - a type hint as a value has no type of its own
    """Return the schema of one option; raise TypeError for a kind that files cannot say."""
    return {"description": field.metadata["means"], **_kind_schema(field, kind, registries)}


def _kind_schema(field: "Field[Any]", kind: Any, registries: list[RegistryId] | None) -> JsonSchema:  # noqa: ANN401 - as above
    if get_origin(kind) is tuple:
        item = get_args(kind)[0]
        known = registries if item is RegistryId else [each.value for each in item] if _is_enum(item) else None
        text = {"type": "string", "pattern": DAY_RANGE_PATTERN} if item is DayRange else {"type": "string"}
        return {"type": "array", "uniqueItems": True, "items": text if known is None else {"enum": known}}
    if _is_enum(kind):
        return {"enum": [word.value for word in kind]}
    if kind is bool:
        return {"type": "boolean"}
    if kind is int:
        return {"type": "integer", "minimum": 0}
    if kind is timedelta:
        return {"type": "string", "pattern": DURATION_PATTERN}
    raise TypeError(f"the option {field.name} is of a kind that policy files cannot say: {kind}")


def option_value(node: YamlNode, kind: Any) -> OptionValue:  # noqa: ANN401 - as above
    """Turn a value that holds to the schema into the type of the rule's field."""
    if isinstance(node, YamlSequence):
        item = get_args(kind)[0]
        words = (each.value for each in node.items if isinstance(each, YamlScalar))
        return tuple(item(word) for word in words)
    word = node.value if isinstance(node, YamlScalar) else ""
    if kind is bool:
        return word.lower() == "true"
    if kind is timedelta:
        return parse_duration(word)
    value: OptionValue = kind(word)
    return value


def parse_duration(text: str) -> timedelta:
    """Read `90d`, `12h`, `30m`, `2w`."""
    return timedelta(**{DURATION_UNITS[text[-1]]: int(text[:-1])})


def format_duration(value: timedelta) -> str:
    """Say a duration as a file does: `90d`."""
    for letter, unit in reversed(DURATION_UNITS.items()):
        whole, rest = divmod(value, timedelta(**{unit: 1}))
        if not rest and (letter != "w" or not whole):  # weeks are for writing; people count days
            return f"{whole}{letter}"
    return f"{value.total_seconds():.0f}s"


def stricter_value(direction: StricterWhen, current: Any, requested: Any) -> OptionValue:  # noqa: ANN401 - an option's type is the rule's field's; the schema has held it
    """Give what is in force where only the stricter of two values may be: the organization's, and what a repository asks for."""
    match direction:
        case StricterWhen.HIGHER:
            return max(current, requested, key=_rank)  # type: ignore[no-any-return]  # one of the two options
        case StricterWhen.LOWER:
            return min(current, requested, key=_rank)  # type: ignore[no-any-return]  # one of the two options
        case StricterWhen.FEWER:
            return tuple(entry for entry in requested if entry in current or WILDCARD in current)
        case StricterWhen.MORE:
            return tuple(dict.fromkeys((*current, *requested)))


def is_fully_applied(direction: StricterWhen, requested: OptionValue, applied: OptionValue) -> bool:
    """Whether what is in force is all that was asked for; the order of a list is nobody's wish."""
    if isinstance(requested, tuple) and isinstance(applied, tuple):
        return set(requested) >= set(applied) if direction is StricterWhen.MORE else set(requested) == set(applied)
    return requested == applied


def _is_enum(kind: Any) -> bool:  # noqa: ANN401 - as above
    return isinstance(kind, type) and issubclass(kind, StrEnum)


def _rank(value: Any) -> Any:  # noqa: ANN401 - a number, a duration, or a word's place in its order
    return value.rank if hasattr(value, "rank") else value


SCHEMA_FILE = Path(__file__).parent / "policy_schema.json"


def policy_schema(registries: Iterable[RegistryId] | None = None) -> JsonSchema:
    """Return the closed schema of a policy file; an option that takes registries takes these, or any name when it is for editors."""
    schema: JsonSchema = json.loads(SCHEMA_FILE.read_text())
    known = None if registries is None else sorted(registries)
    rules = _closed_object({str(rule.name): _check_schema(rule, known) for rule in RULES})
    gate = _closed_object({str(condition.name): _check_schema(condition, known) for condition in GATE_CONDITIONS})
    signals = _closed_object({str(signal.name): _check_schema(signal, known) for signal in CHANGE_ALERTS})
    named = {"enum": [name for each in (rules, gate, signals) for name in each["properties"]]}
    properties = schema["properties"]
    properties["rules"] |= rules
    properties["gate"] |= gate
    properties["alerts"] |= signals
    properties["repositories"]["items"]["properties"]["rules"] |= rules
    properties["repositories"]["items"]["properties"]["gate"] |= gate
    properties["repositories"]["items"]["properties"]["alerts"] |= signals
    properties["waivers"]["items"]["properties"]["rule"] |= named
    if known is not None:
        properties["identities"]["items"]["properties"]["publisher"] |= {"enum": list(known)}
    return schema


def _closed_object(properties: dict[str, JsonSchema]) -> JsonSchema:
    return {"properties": properties, "additionalProperties": False}


def _check_schema(check: type[Rule | GateCondition | ChangeAlert], registries: list[RegistryId] | None) -> JsonSchema:
    return {
        "description": f"{check.title()}.",
        "if": {"type": "object"},
        "then": {
            "properties": {
                key: option_schema(field, kind, registries) for key, (field, kind) in options_by_key(check).items()
            },
            "additionalProperties": False,
        },
        "else": {"enum": [False, "off"]},
    }
