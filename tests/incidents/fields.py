"""A strict reader of an incident's YAML: each word is asked for, and one that nobody asked for is an error with its line."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from bot.documents_init import Mapping as Block
from bot.documents_init import Node, Scalar, Sequence

DURATION = re.compile(r"\+?(-?\d+(?:\.\d+)?)(s|m|h|d)")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class FormatError(Exception):
    """A file that cannot be read; its text begins with the file and the line, and says what would do."""


class ImpossibleError(Exception):
    """What is written can be read and cannot be, or not be done; where it stands is known to whoever catches it."""


@dataclass
class Fields:
    """The words of one block. `done` says that all that may stand there was asked for."""

    file: str
    block: Block
    what: str  # the block, for people
    asked: dict[str, None] = field(default_factory=dict)

    def wrong(self, words: str, line: int | None = None) -> FormatError:
        return FormatError(f"{self.file}:{line or self.block.line}: {words}")

    def node(self, key: str) -> Node | None:
        self.asked[key] = None
        return self.block.get(key)

    def text(self, key: str, default: str | None = None) -> str:
        node = self.node(key)
        if node is None:
            if default is None:
                raise self.wrong(f"{self.what} lacks `{key}`")
            return default
        return self.scalar(node, key)

    def maybe(self, key: str) -> str | None:
        node = self.node(key)
        return None if node is None else self.scalar(node, key)

    def flag(self, key: str) -> bool:
        text = self.text(key, "false")
        if text not in ("true", "false"):
            raise self.wrong(f"`{key}` of {self.what} is true or false, not {text!r}", self.line(key))
        return text == "true"

    def seconds(self, key: str) -> float:
        text = self.text(key)
        match = DURATION.fullmatch(text)
        if match is None:
            raise self.wrong(f"`{key}` of {self.what} is a time such as +30s or 5m, not {text!r}", self.line(key))
        return float(match[1]) * SECONDS[match[2]]

    def texts(self, key: str) -> tuple[str, ...]:
        """Read a list; a single value is a list of one."""
        node = self.node(key)
        if node is None:
            return ()
        items = node.items if isinstance(node, Sequence) else (node,)
        return tuple(self.scalar(item, key) for item in items)

    def pairs(self, key: str) -> Mapping[str, str | None]:
        """Read a block of texts; nothing behind a key is None."""
        block = self.inside(key)
        if block is None:
            return {}
        inner = block.block
        return {name: None if (value := inner.get(name)) is None else self.scalar(value, name) for name in inner.values}

    def inside(self, key: str, what: str = "") -> "Fields | None":
        node = self.node(key)
        if node is None:
            return None
        return self.of(node, what or f"`{key}`")

    def each(self, key: str, what: str) -> Iterator["Fields"]:
        """Yield the blocks of a list."""
        node = self.node(key)
        if node is None:
            return
        if not isinstance(node, Sequence):
            raise self.wrong(f"`{key}` of {self.what} is a list", node.line)
        for item in node.items:
            yield self.of(item, what)

    def named(self, key: str, what: str) -> Iterator[tuple[str, "Fields"]]:
        """Yield the blocks of a block, by their names."""
        block = self.inside(key)
        for name, node in block.block.values.items() if block else ():
            yield name, self.of(node, f"{what} {name}")

    def of(self, node: Node, what: str) -> "Fields":
        if not isinstance(node, Block):
            raise self.wrong(f"{what} is a block of words with values", node.line)
        return Fields(self.file, node, what)

    def scalar(self, node: Node, key: str) -> str:
        if not isinstance(node, Scalar):
            raise self.wrong(f"`{key}` of {self.what} is a single value", node.line)
        return node.value

    def line(self, key: str) -> int:
        return self.block.keys[key].line

    def done(self) -> None:
        """Raise FormatError for the first word that nobody asked for."""
        for key, scalar in self.block.keys.items():
            if key not in self.asked:
                known = ", ".join(self.asked)
                raise self.wrong(f"{self.what} knows no `{key}`; it knows {known}", scalar.line)


def plain(node: Node) -> Any:  # noqa: ANN401 - whatever a person wrote
    """Give a node as YAML means it, without its lines."""
    match node:
        case Scalar():
            return yaml.safe_load(node.value) if node.style == "plain" else node.value
        case Sequence():
            return [plain(item) for item in node.items]
        case Block():
            return {key: plain(value) for key, value in node.values.items()}
