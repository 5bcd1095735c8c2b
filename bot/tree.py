"""Nodes built from libyaml's events, one after the other, without recursion: a hostile file cannot exhaust the stack."""

from dataclasses import dataclass, field
from typing import NamedTuple, NoReturn, TypeAlias

import yaml

from bot.lines import LineMap
from bot.model.errors import UnreadableError
from bot.words import quoted
from bot.yaml import ScalarStyle, YamlMapping, YamlNode, YamlScalar, YamlSequence

_SCALAR_STYLES: dict[str | None, ScalarStyle] = {"'": "quoted", '"': "quoted", "|": "literal", ">": "folded"}
_STANDARD_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "bool", "int", "float", "null", "seq", "map")
)

_YamlMark: TypeAlias = yaml.Mark | yaml._yaml.Mark | None  # noqa: SLF001 - the stubs' own type of what libyaml hands out


class _FinishedNode(NamedTuple):
    """A finished node, and what it weighs wherever it stands."""

    node: YamlNode
    height: int  # lists and mappings inside each other, itself counted
    size: int  # parts with aliases followed; a list's beginning and end are two
    length: int  # characters of all scalars, likewise


@dataclass(slots=True)
class _OpenCollection:
    """A list or mapping whose end has not come yet."""

    line: int
    end_line: int
    flow: bool
    anchor: str | None
    is_mapping: bool
    height: int = 1
    size: int = 2
    length: int = 0
    items: list[YamlNode] = field(default_factory=list)
    keys: dict[str, YamlScalar] = field(default_factory=dict)
    lines_by_key: dict[str, int] = field(default_factory=dict)  # keys as they are compared, and the lines they stand on
    expects_key: bool = False

    def finish(self) -> YamlNode:
        if self.is_mapping:
            values = dict(zip(self.keys, self.items, strict=True))
            return YamlMapping(values, self.keys, self.line, self.end_line, self.flow)
        return YamlSequence(tuple(self.items), self.line, self.end_line, self.flow)


class YamlLimits(NamedTuple):
    """How deep, how many parts, and how many characters, with aliases followed."""

    depth: int
    nodes: int
    characters: int


class NodeBuilder:
    """Takes events in order; `root` is the document when all have come."""

    def __init__(self, lines: LineMap, limits: YamlLimits, *, ignore_case: bool) -> None:
        self.root: YamlNode | None = None
        self._lines = lines
        self._limits = limits
        self._ignore_case = ignore_case
        self._count = self._characters = 0
        self._open: list[_OpenCollection] = []
        self._anchors: dict[str, _FinishedNode | None] = {}  # None while what it names is being read

    def add_event(self, event: yaml.Event) -> None:
        """Take the next event; raise UnreadableError for what GitHub refuses."""
        if isinstance(event, yaml.ScalarEvent):  # most are
            self._add_scalar(event)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self._open_collection(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close_collection(event)
        elif isinstance(event, yaml.AliasEvent):
            self._add_alias(event)
        elif isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
            _reject_node("a second YAML document begins here; a file holds one", self._line_at(event.start_mark))

    def _add_scalar(self, event: yaml.ScalarEvent) -> None:
        value, begin, end = event.value, event.start_mark, event.end_mark
        line = self._line_at(begin)
        end_line = self._line_at(end)
        if event.tag is not None:
            self._refuse_tag(event.tag, line)
        self._count_size(1, len(value), line)
        style = _SCALAR_STYLES.get(event.style, "plain")
        if style in ("literal", "folded"):
            # libyaml ends a block where the next text begins, or at the end of the file
            begins_a_line = end is None or end.column == 0
            end_line = self._lines.last_nonblank(line, end_line - begins_a_line)
        node = YamlScalar(value, line, end_line, style)
        if event.anchor is not None:
            self._anchors[event.anchor] = _FinishedNode(node, height=0, size=1, length=len(value))
        self._attach(node, 0, 1, len(value), end_line)

    def _open_collection(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        line = self._line_at(event.start_mark)
        if event.tag is not None:
            self._refuse_tag(event.tag, line)
        self._count_size(1, 0, line)
        self._check_depth(1, line)
        if self._open and self._open[-1].expects_key:
            _reject_node("a key has to be a single value; here a list or mapping stands as one", line)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        self._open.append(
            _OpenCollection(line, line, bool(event.flow_style), event.anchor, is_mapping, expects_key=is_mapping)
        )

    def _close_collection(self, event: yaml.CollectionEndEvent) -> None:
        self._count_size(1, 0, self._open[-1].line)
        done = self._open.pop()
        if done.flow:  # a flow collection ends at its bracket, a block with the last thing in it
            done.end_line = self._line_at(event.end_mark)
        node = done.finish()
        if done.anchor is not None:
            self._anchors[done.anchor] = _FinishedNode(node, done.height, done.size, done.length)
        self._attach(node, done.height, done.size, done.length, done.end_line)

    def _add_alias(self, event: yaml.AliasEvent) -> None:
        line, name = self._line_at(event.start_mark), event.anchor or ""
        if name not in self._anchors:
            _reject_node(f"the alias {quoted('*' + name)} names an anchor that does not stand before it", line)
        part = self._anchors[name]
        if part is None:
            _reject_node(f"the alias {quoted('*' + name)} stands inside the very thing it names", line)
        self._count_size(part.size, part.length, line)
        self._check_depth(part.height, line)
        self._attach(part.node, part.height, part.size, part.length, line)

    def _attach(self, node: YamlNode, height: int, size: int, length: int, end_line: int) -> None:
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
        if parent.expects_key:
            self._add_key(parent, node, end_line)
            parent.expects_key = False
        else:
            parent.items.append(node)
            parent.expects_key = parent.is_mapping

    def _add_key(self, parent: _OpenCollection, node: YamlNode, line: int) -> None:
        if not isinstance(node, YamlScalar):
            _reject_node("a key has to be a single value; here a list or mapping stands as one", line)
        if node.value == "<<" and node.style == "plain":
            _reject_node("the merge key << is not supported by GitHub; write the keys out", line)
        compared = node.value.lower() if self._ignore_case else node.value
        if compared in parent.lines_by_key:
            _reject_node(
                f"the key {quoted(node.value)} is written twice, first on line {parent.lines_by_key[compared]}", line
            )
        parent.lines_by_key[compared] = line
        parent.keys[node.value] = node

    def _count_size(self, size: int, length: int, line: int) -> None:
        self._count += size
        self._characters += length
        if self._count > self._limits.nodes:
            _reject_node(
                f"the file has more than {self._limits.nodes:,} parts, aliases followed; GitHub reads no more", line
            )
        if self._characters > self._limits.characters:
            most = self._limits.characters
            _reject_node(f"the file has more than {most:,} characters, aliases followed; GitHub reads no more", line)

    def _check_depth(self, height: int, line: int) -> None:
        if len(self._open) + height > self._limits.depth:
            _reject_node(
                f"lists and mappings are nested more than {self._limits.depth} deep; GitHub reads no deeper", line
            )

    def _refuse_tag(self, tag: str, line: int) -> None:
        if tag not in _STANDARD_TAGS:
            _reject_node(f"the tag {quoted(tag)} is not one that GitHub reads; remove it", line)

    def _line_at(self, mark: _YamlMark) -> int:
        return self._lines.line_number(0 if mark is None else mark.line)


def _reject_node(reason: str, line: int) -> NoReturn:
    raise UnreadableError(reason, line)
