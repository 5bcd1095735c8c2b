"""The commands inside a step's script, read with real grammars."""

from bot.shell.read import read_once, read_script
from bot.shell.script import (
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
from bot.shell.strip_wrappers import ENCODED_COMMAND

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
