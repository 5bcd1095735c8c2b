"""What is known about each registry: one data file each, facts with source and date."""

from bot.registries.catalog import Catalogue, KnownAction, KnownCommand, action_name
from bot.registries.load import load_catalogue
from bot.registries.registry import ActionFact, CommandFact, InputTest, Migration, Registry, Source

__all__ = [
    "ActionFact",
    "Catalogue",
    "CommandFact",
    "InputTest",
    "KnownAction",
    "KnownCommand",
    "Migration",
    "Registry",
    "Source",
    "action_name",
    "load_catalogue",
]
