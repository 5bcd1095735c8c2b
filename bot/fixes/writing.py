"""What an edit puts in, written as lines of a block or inside braces."""

from collections.abc import Mapping
from typing import TypeAlias

from bot.fixes.yaml_tree import YamlData

YamlValue: TypeAlias = "str | Mapping[str, YamlValue]"  # a scalar, or a mapping of more


def block_lines(value: Mapping[str, YamlValue], column: int, step: int) -> list[str]:
    """Write a mapping as lines that are indented `step` further than `column`."""
    lines: list[str] = []
    for key, each in value.items():
        start = " " * (column + step) + f"{key}:"
        if isinstance(each, str):
            lines.append(f"{start} {_format_scalar(each)}")
        elif each:
            lines += [start, *block_lines(each, column + step, step)]
        else:
            lines.append(f"{start} {{}}")
    return lines


def flow_text(value: YamlValue) -> str:
    """Write a value inside braces, or on the line of its key."""
    if isinstance(value, str):
        return _quote_scalar(value) if set(value) & set("{}[],") else _format_scalar(value)
    return "{" + ", ".join(f"{key}: {flow_text(each)}" for key, each in value.items()) + "}"


def value_data(value: YamlValue) -> YamlData:
    """Give what a value means once it is written."""
    return value if isinstance(value, str) else {key: value_data(each) for key, each in value.items()}


def _format_scalar(value: str) -> str:
    plain = (
        value and value[0] not in "&*!|>'\"%@`#{[-?:," and ": " not in value and " #" not in value and "\n" not in value
    )
    return value if plain else _quote_scalar(value)


def _quote_scalar(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
