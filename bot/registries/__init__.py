"""Describes each registry in a data file whose facts have a source and a date."""

from bot.registries.catalog import PRIVATE_REGISTRY, ActionMatch, Catalog, CommandMatch, action_name, load_catalog
from bot.registries.registry import ActionFact, CommandFact, FactSource, InputTest, Migration, Registry

__all__ = [
    "PRIVATE_REGISTRY",
    "ActionFact",
    "ActionMatch",
    "Catalog",
    "CommandFact",
    "CommandMatch",
    "FactSource",
    "InputTest",
    "Migration",
    "Registry",
    "action_name",
    "load_catalog",
]
