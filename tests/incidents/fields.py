"""A strict reader of an incident's YAML: each word is asked for, and one that nobody asked for is an error with its line."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from bot.documents_init import YamlMapping as Block
from bot.documents_init import YamlNode, YamlScalar, YamlSequence

DURATION = re.compile(r"\+?(-?\d+(?:\.\d+)?)(s|m|h|d)")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class IncidentFormatError(Exception):
    """A file that cannot be read; its text begins with the file and the line, and says what would do."""


class ImpossibleActError(Exception):
    """What is written can be read and cannot be, or not be done; where it stands is known to whoever catches it."""


@dataclass
class YamlFields:
    """The words of one block. `done` says that all that may stand there was asked for."""

    file: str
    block: Block
    what: str  # the block, for people
    read_keys: dict[str, None] = field(default_factory=dict)

    def error(self, message: str, line: int | None = None) -> IncidentFormatError:
        return IncidentFormatError(f"{self.file}:{line or self.block.line}: {message}")

    def node(self, key: str) -> YamlNode | None:
        self.read_keys[key] = None
        return self.block.get(key)

    def text(self, key: str, default: str | None = None) -> str:
        node = self.node(key)
        if node is None:
            if default is None:
                raise self.error(f"{self.what} lacks `{key}`")
            return default
        return self.scalar(node, key)

    def optional_text(self, key: str) -> str | None:
        node = self.node(key)
        return None if node is None else self.scalar(node, key)

    def get_bool(self, key: str) -> bool:
        text = self.text(key, "false")
        if text not in ("true", "false"):
            raise self.error(f"`{key}` of {self.what} is true or false, not {text!r}", self.line(key))
        return text == "true"

    def seconds(self, key: str) -> float:
        text = self.text(key)
        match = DURATION.fullmatch(text)
        if match is None:
            raise self.error(f"`{key}` of {self.what} is a time such as +30s or 5m, not {text!r}", self.line(key))
        return float(match[1]) * SECONDS[match[2]]

    def texts(self, key: str) -> tuple[str, ...]:
        """Read a list; a single value is a list of one."""
        node = self.node(key)
        if node is None:
            return ()
        items = node.items if isinstance(node, YamlSequence) else (node,)
        return tuple(self.scalar(item, key) for item in items)

    def get_mapping(self, key: str) -> Mapping[str, str | None]:
        """Read a block of texts; nothing behind a key is None."""
        block = self.nested(key)
        if block is None:
            return {}
        inner = block.block
        return {name: None if (value := inner.get(name)) is None else self.scalar(value, name) for name in inner.values}

    def nested(self, key: str, what: str = "") -> "YamlFields | None":
        node = self.node(key)
        if node is None:
            return None
        return self.for_node(node, what or f"`{key}`")

    def nested_list(self, key: str, what: str) -> Iterator["YamlFields"]:
        """Yield the blocks of a list."""
        node = self.node(key)
        if node is None:
            return
        if not isinstance(node, YamlSequence):
            raise self.error(f"`{key}` of {self.what} is a list", node.line)
        for item in node.items:
            yield self.for_node(item, what)

    def nested_by_name(self, key: str, what: str) -> Iterator[tuple[str, "YamlFields"]]:
        """Yield the blocks of a block, by their names."""
        block = self.nested(key)
        for name, node in block.block.values.items() if block else ():
            yield name, self.for_node(node, f"{what} {name}")

    def for_node(self, node: YamlNode, what: str) -> "YamlFields":
        if not isinstance(node, Block):
            raise self.error(f"{what} is a block of words with values", node.line)
        return YamlFields(self.file, node, what)

    def scalar(self, node: YamlNode, key: str) -> str:
        if not isinstance(node, YamlScalar):
            raise self.error(f"`{key}` of {self.what} is a single value", node.line)
        return node.value

    def line(self, key: str) -> int:
        return self.block.keys[key].line

    def reject_unknown_keys(self) -> None:
        """Raise FormatError for the first word that nobody asked for."""
        for key, scalar in self.block.keys.items():
            if key not in self.read_keys:
                known = ", ".join(self.read_keys)
                raise self.error(f"{self.what} knows no `{key}`; it knows {known}", scalar.line)


def to_plain(node: YamlNode) -> Any:  # noqa: ANN401 - whatever a person wrote
    """Give a node as YAML means it, without its lines."""
    match node:
        case YamlScalar():
            return yaml.safe_load(node.value) if node.style == "plain" else node.value
        case YamlSequence():
            return [to_plain(item) for item in node.items]
        case Block():
            return {key: to_plain(value) for key, value in node.values.items()}
