"""The JSON Schema of a policy file: `schema.json`, with each rule's options filled in from the rules themselves."""

import json
from collections.abc import Iterable
from pathlib import Path

from bot.checks.alerts import SIGNALS, Signal
from bot.checks.gate import CONDITIONS, Condition
from bot.checks.rule import Rule
from bot.checks.rules import RULES
from bot.model.core_types import RegistryId
from bot.policy.policy_schema import Schema, option_schema, options_of

SCHEMA = Path(__file__).parent / "policy_schema.json"


def policy_schema(registries: Iterable[RegistryId] | None = None) -> Schema:
    """Return the closed schema of a policy file; an option that takes registries takes these, or any name when it is for editors."""
    schema: Schema = json.loads(SCHEMA.read_text())
    known = None if registries is None else sorted(registries)
    rules = _named({str(rule.name): _rule(rule, known) for rule in RULES})
    gate = _named({str(condition.name): _rule(condition, known) for condition in CONDITIONS})
    signals = _named({str(signal.name): _rule(signal, known) for signal in SIGNALS})
    named = {"enum": [name for each in (rules, gate, signals) for name in each["properties"]]}
    properties = schema["properties"]
    properties["rules"] |= rules
    properties["gate"] |= gate
    properties["signals"] |= signals
    properties["repositories"]["items"]["properties"]["rules"] |= rules
    properties["repositories"]["items"]["properties"]["gate"] |= gate
    properties["repositories"]["items"]["properties"]["signals"] |= signals
    properties["waivers"]["items"]["properties"]["rule"] |= named
    if known is not None:
        properties["identities"]["items"]["properties"]["publisher"] |= {"enum": list(known)}
    return schema


def _named(known: dict[str, Schema]) -> Schema:
    return {"properties": known, "additionalProperties": False}


def _rule(rule: type[Rule | Condition | Signal], registries: list[RegistryId] | None) -> Schema:
    return {
        "description": f"{rule.title()}.",
        "if": {"type": "object"},
        "then": {
            "properties": {
                key: option_schema(field, kind, registries) for key, (field, kind) in options_of(rule).items()
            },
            "additionalProperties": False,
        },
        "else": {"enum": [False, "off"]},
    }
