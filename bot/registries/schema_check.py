"""Validates a registry data file against its JSON Schema."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema_rs

from bot.model.errors import RegistryDataError

SCHEMA: dict[str, Any] = json.loads((Path(__file__).parent / "schema.json").read_bytes())
_VALIDATOR = jsonschema_rs.Draft202012Validator(SCHEMA)


def validate_registry(raw: object, file: str) -> None:
    """Raise RegistryDataError for the first thing in `raw` that does not hold; the text names file, field and remedy."""
    for error in _VALIDATOR.iter_errors(raw):
        field = ".".join(str(part) for part in error.instance_path) or "the file"
        raise RegistryDataError(f"{file}: {field}: {_short(error.message)}; see bot/registries/schema.json")
    if isinstance(raw, dict):
        for field, problem in _beyond_schema(raw):
            raise RegistryDataError(f"{file}: {field}: {problem}")


def _beyond_schema(raw: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what a schema cannot say: patterns must compile in Python, a likeness must exist."""
    secrets = raw.get("secrets", {})
    patterns = [("secrets.patterns", each) for each in secrets.get("patterns", ())]
    patterns += [("secrets.literals", each["pattern"]) for each in secrets.get("literals", ())]
    for field, pattern in patterns:
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as error:
            yield field, f"{_short(pattern)} is not a regular expression ({error}); mend it"
    for key in raw.get("etiquette", {}).get("addresses", ()):
        if key not in raw.get("hosts", {}):
            yield "etiquette.addresses", f"nothing is called {_short(key)} under `hosts`; add it there"
    for field in ("actions", "commands"):
        for index, fact in enumerate(raw.get(field, ())):
            if "like" in fact and fact["like"] not in raw.get("shared", {}):
                yield f"{field}.{index}.like", f"nothing is called {_short(fact['like'])} under `shared`; add it there"


def _short(text: str, longest: int = 200) -> str:
    """Keep a message on one line and short, whatever the file holds."""
    printable = "".join(char if char.isprintable() else " " for char in text)
    return printable if len(printable) <= longest else printable[:longest] + "…"
