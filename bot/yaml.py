"""What a YAML file is made of: scalars, sequences and mappings, each with the lines it stands on."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

ScalarStyle: TypeAlias = Literal["plain", "quoted", "literal", "folded"]

_NULL_SCALARS = frozenset({"", "~", "null", "Null", "NULL"})  # the YAML 1.2 core schema, which GitHub follows


@dataclass(frozen=True, slots=True)
class YamlScalar:
    """One value as text, whatever it looks like: `on` stays "on", `1.10` stays "1.10". Lines are 1-based."""

    value: str
    line: int
    end_line: int  # the last line that holds text of the value
    style: ScalarStyle = "plain"

    @property
    def is_null(self) -> bool:
        """Whether nothing is written here, or the word null."""
        return self.style == "plain" and self.value in _NULL_SCALARS

    @property
    def body_line(self) -> int:
        """The first line of the text itself: the line after `|` or `>`, else `line`."""
        return self.line + 1 if self.style in ("literal", "folded") else self.line


@dataclass(frozen=True, slots=True)
class YamlSequence:
    """A list in the order it is written."""

    items: tuple["YamlNode", ...]
    line: int
    end_line: int
    flow: bool = False  # written as [a, b]


@dataclass(frozen=True, slots=True)
class YamlMapping:
    """Keys and their values in the order they are written; `keys` tells where each key stands."""

    values: dict[str, "YamlNode"]
    keys: dict[str, YamlScalar]
    line: int
    end_line: int
    flow: bool = False  # written as {a: b}

    def get(self, key: str) -> "YamlNode | None":
        """Give the value of `key`, or None when the key is not written, or nothing is written behind it."""
        node = self.values.get(key)
        return None if isinstance(node, YamlScalar) and node.is_null else node


YamlNode: TypeAlias = YamlScalar | YamlSequence | YamlMapping
