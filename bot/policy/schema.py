"""The JSON Schema of a policy file: `schema.json`, with each rule's options filled in from the rules themselves."""

import json
from collections.abc import Iterable
from dataclasses import Field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from bot.names import RegistryId
from bot.rule import Rule
from bot.rules import RULES

SCHEMA = Path(__file__).parent / "schema.json"

Schema = dict[str, Any]  # JSON, as the validator takes it

# Keys whose shape is settled and whose meaning is not built yet: refused in words, so that nobody trusts in them.
LATER = ("repositories", "identities", "packages", "waivers", "reports")


def policy_schema(registries: Iterable[RegistryId] | None = None) -> Schema:
    """Return the closed schema of a policy file; an option that takes registries takes these, or any name when it is for editors."""
    schema: Schema = json.loads(SCHEMA.read_text())
    known = None if registries is None else sorted(registries)
    rules = {"properties": {rule.name: _rule(rule, known) for rule in RULES}, "additionalProperties": False}
    schema["properties"]["rules"] |= rules
    schema["properties"]["repositories"]["items"]["properties"]["rules"] |= rules
    return schema


def _rule(rule: type[Rule], registries: list[RegistryId] | None) -> Schema:
    options = get_type_hints(rule)
    return {
        "description": f"{rule.title()}.",
        "if": {"type": "object"},
        "then": {
            "properties": {field.name: _option(field, options[field.name], registries) for field in fields(rule)},
            "additionalProperties": False,
        },
        "else": {"enum": [False, "off"]},
    }


def _option(field: "Field[Any]", kind: Any, registries: list[RegistryId] | None) -> Schema:  # noqa: ANN401 - a type hint as a value has no type of its own
    described: Schema = {"description": field.metadata["means"]}
    if get_origin(kind) is tuple and get_args(kind)[0] is RegistryId:
        items: Schema = {"type": "string"} if registries is None else {"enum": list(registries)}
        return described | {"type": "array", "uniqueItems": True, "items": items}
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return described | {"enum": [word.value for word in kind]}
    raise TypeError(f"the option {field.name} is of a kind that policy files cannot say: {kind}")
