"""The JSON Schema of a policy file: `schema.json`, with each rule's options filled in from the rules themselves."""

import json
from collections.abc import Iterable
from pathlib import Path

from bot.checks.alerts import CHANGE_ALERTS, ChangeAlert
from bot.checks.gate import GATE_CONDITIONS, GateCondition
from bot.checks.rule import Rule
from bot.checks.rules import RULES
from bot.model.core_types import RegistryId
from bot.policy.policy_schema import JsonSchema, option_schema, options_by_key

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
