"""Nodes built from libyaml's events, one after the other, without recursion: a hostile file cannot exhaust the stack."""

from dataclasses import dataclass, field
from typing import NamedTuple, NoReturn, TypeAlias

import yaml

from bot.lines import Lines
from bot.model.errors import UnreadableError
from bot.words import shown
from bot.yaml import Mapping, Node, Scalar, Sequence, Style

_STYLES: dict[str | None, Style] = {"'": "quoted", '"': "quoted", "|": "literal", ">": "folded"}
_PLAIN_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("str", "bool", "int", "float", "null", "seq", "map"))

_Mark: TypeAlias = yaml.Mark | yaml._yaml.Mark | None  # noqa: SLF001 - the stubs' own type of what libyaml hands out


class _Part(NamedTuple):
    """A finished node, and what it weighs wherever it stands."""

    node: Node
    height: int  # lists and mappings inside each other, itself counted
    size: int  # parts with aliases followed; a list's beginning and end are two
    length: int  # characters of all scalars, likewise


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come yet."""

    line: int
    end_line: int
    flow: bool
    anchor: str | None
    is_mapping: bool
    height: int = 1
    size: int = 2
    length: int = 0
    items: list[Node] = field(default_factory=list)
    keys: dict[str, Scalar] = field(default_factory=dict)
    compared: dict[str, int] = field(default_factory=dict)  # keys as they are compared, and the lines they stand on
    wants_key: bool = False

    def finish(self) -> Node:
        if self.is_mapping:
            values = dict(zip(self.keys, self.items, strict=True))
            return Mapping(values, self.keys, self.line, self.end_line, self.flow)
        return Sequence(tuple(self.items), self.line, self.end_line, self.flow)


class Limits(NamedTuple):
    """How deep, how many parts, and how many characters, with aliases followed."""

    depth: int
    nodes: int
    characters: int


class Tree:
    """Takes events in order; `root` is the document when all have come."""

    def __init__(self, lines: Lines, limits: Limits, *, ignore_case: bool) -> None:
        self.root: Node | None = None
        self._lines = lines
        self._limits = limits
        self._ignore_case = ignore_case
        self._count = self._characters = 0
        self._open: list[_Open] = []
        self._anchors: dict[str, _Part | None] = {}  # None while what it names is being read

    def add(self, event: yaml.Event) -> None:
        """Take the next event; raise UnreadableError for what GitHub refuses."""
        if isinstance(event, yaml.ScalarEvent):  # most are
            self._scalar(event)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self._start(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._end(event)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
            _refuse("a second YAML document begins here; a file holds one", self._at(event.start_mark))

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        value, begin, end = event.value, event.start_mark, event.end_mark
        line = self._at(begin)
        end_line = self._at(end)
        if event.tag is not None:
            self._refuse_tag(event.tag, line)
        self._weigh(1, len(value), line)
        style = _STYLES.get(event.style, "plain")
        if style in ("literal", "folded"):
            # libyaml ends a block where the next text begins, or at the end of the file
            begins_a_line = end is None or end.column == 0
            end_line = self._lines.last_written(line, end_line - begins_a_line)
        node = Scalar(value, line, end_line, style)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Part(node, height=0, size=1, length=len(value))
        self._place(node, 0, 1, len(value), end_line)

    def _start(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        line = self._at(event.start_mark)
        if event.tag is not None:
            self._refuse_tag(event.tag, line)
        self._weigh(1, 0, line)
        self._descend(1, line)
        if self._open and self._open[-1].wants_key:
            _refuse("a key has to be a single value; here a list or mapping stands as one", line)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        self._open.append(_Open(line, line, bool(event.flow_style), event.anchor, is_mapping, wants_key=is_mapping))

    def _end(self, event: yaml.CollectionEndEvent) -> None:
        self._weigh(1, 0, self._open[-1].line)
        done = self._open.pop()
        if done.flow:  # a flow collection ends at its bracket, a block with the last thing in it
            done.end_line = self._at(event.end_mark)
        node = done.finish()
        if done.anchor is not None:
            self._anchors[done.anchor] = _Part(node, done.height, done.size, done.length)
        self._place(node, done.height, done.size, done.length, done.end_line)

    def _alias(self, event: yaml.AliasEvent) -> None:
        line, name = self._at(event.start_mark), event.anchor or ""
        if name not in self._anchors:
            _refuse(f"the alias {shown('*' + name)} names an anchor that does not stand before it", line)
        part = self._anchors[name]
        if part is None:
            _refuse(f"the alias {shown('*' + name)} stands inside the very thing it names", line)
        self._weigh(part.size, part.length, line)
        self._descend(part.height, line)
        self._place(part.node, part.height, part.size, part.length, line)

    def _place(self, node: Node, height: int, size: int, length: int, end_line: int) -> None:
        """Put a finished node where it belongs."""
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        if height >= parent.height:
            parent.height = height + 1
        parent.size += size
        parent.length += length
        parent.end_line = max(parent.end_line, end_line)
        if parent.wants_key:
            self._key(parent, node, end_line)
            parent.wants_key = False
        else:
            parent.items.append(node)
            parent.wants_key = parent.is_mapping

    def _key(self, parent: _Open, node: Node, line: int) -> None:
        if not isinstance(node, Scalar):
            _refuse("a key has to be a single value; here a list or mapping stands as one", line)
        if node.value == "<<" and node.style == "plain":
            _refuse("the merge key << is not supported by GitHub; write the keys out", line)
        compared = node.value.lower() if self._ignore_case else node.value
        if compared in parent.compared:
            _refuse(f"the key {shown(node.value)} is written twice, first on line {parent.compared[compared]}", line)
        parent.compared[compared] = line
        parent.keys[node.value] = node

    def _weigh(self, size: int, length: int, line: int) -> None:
        self._count += size
        self._characters += length
        if self._count > self._limits.nodes:
            _refuse(
                f"the file has more than {self._limits.nodes:,} parts, aliases followed; GitHub reads no more", line
            )
        if self._characters > self._limits.characters:
            most = self._limits.characters
            _refuse(f"the file has more than {most:,} characters, aliases followed; GitHub reads no more", line)

    def _descend(self, height: int, line: int) -> None:
        if len(self._open) + height > self._limits.depth:
            _refuse(f"lists and mappings are nested more than {self._limits.depth} deep; GitHub reads no deeper", line)

    def _refuse_tag(self, tag: str, line: int) -> None:
        if tag not in _PLAIN_TAGS:
            _refuse(f"the tag {shown(tag)} is not one that GitHub reads; remove it", line)

    def _at(self, mark: _Mark) -> int:
        return self._lines.at(0 if mark is None else mark.line)


def _refuse(reason: str, line: int) -> NoReturn:
    raise UnreadableError(reason, line)
