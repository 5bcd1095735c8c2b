"""The commands inside a step's script, read with real grammars."""

from bot.commands.layers import ENCODED_COMMAND
from bot.commands.model import (
    Command,
    Expand,
    Hole,
    HoleKind,
    Part,
    Redirect,
    Script,
    Value,
    Values,
    Word,
    Words,
    Write,
    show,
)
from bot.commands.read import read_once, read_script

__all__ = [
    "ENCODED_COMMAND",
    "Command",
    "Expand",
    "Hole",
    "HoleKind",
    "Part",
    "Redirect",
    "Script",
    "Value",
    "Values",
    "Word",
    "Words",
    "Write",
    "read_once",
    "read_script",
    "show",
]
