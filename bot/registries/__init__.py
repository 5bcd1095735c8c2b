"""What is known about each registry: one data file each, facts with source and date."""

from bot.registries.catalog import ActionMatch, Catalog, CommandMatch, action_name
from bot.registries.load import load_catalog
from bot.registries.registry import ActionFact, CommandFact, FactSource, InputTest, Migration, Registry

__all__ = [
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
