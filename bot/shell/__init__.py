"""Parses the commands in a step's script with the grammar of its shell."""

from bot.shell.script import (
    Command,
    ExpandExpression,
    FileWrite,
    PossibleValues,
    Redirect,
    Script,
    UnknownKind,
    UnknownPart,
    Word,
    WordPart,
    WordsByName,
    WordValue,
    literal_word,
    value_text,
)
from bot.shell.script_reader import MAX_SCRIPT_LENGTH, read_script, read_script_cached
from bot.shell.strip_wrappers import ENCODED_COMMAND_OPTION

__all__ = [
    "ENCODED_COMMAND_OPTION",
    "MAX_SCRIPT_LENGTH",
    "Command",
    "ExpandExpression",
    "FileWrite",
    "PossibleValues",
    "Redirect",
    "Script",
    "UnknownKind",
    "UnknownPart",
    "Word",
    "WordPart",
    "WordValue",
    "WordsByName",
    "literal_word",
    "read_script",
    "read_script_cached",
    "value_text",
]
