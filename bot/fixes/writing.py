"""What an edit puts in, written as lines of a block or inside braces."""

from collections.abc import Mapping
from typing import TypeAlias

from bot.fixes.yaml_tree import Data

Value: TypeAlias = "str | Mapping[str, Value]"  # a scalar, or a mapping of more


def block(value: Mapping[str, Value], column: int, step: int) -> list[str]:
    """Write a mapping as lines that are indented `step` further than `column`."""
    lines: list[str] = []
    for key, each in value.items():
        start = " " * (column + step) + f"{key}:"
        if isinstance(each, str):
            lines.append(f"{start} {_scalar(each)}")
        elif each:
            lines += [start, *block(each, column + step, step)]
        else:
            lines.append(f"{start} {{}}")
    return lines


def flow(value: Value) -> str:
    """Write a value inside braces, or on the line of its key."""
    if isinstance(value, str):
        return _quoted(value) if set(value) & set("{}[],") else _scalar(value)
    return "{" + ", ".join(f"{key}: {flow(each)}" for key, each in value.items()) + "}"


def meaning(value: Value) -> Data:
    """Give what a value means once it is written."""
    return value if isinstance(value, str) else {key: meaning(each) for key, each in value.items()}


def _scalar(value: str) -> str:
    plain = (
        value and value[0] not in "&*!|>'\"%@`#{[-?:," and ": " not in value and " #" not in value and "\n" not in value
    )
    return value if plain else _quoted(value)


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
