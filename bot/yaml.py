"""Parses untrusted YAML into immutable nodes with line numbers, within time and memory limits.

Lines are counted as git and GitHub count them; YAML breaks lines at more characters.

Nodes are built without recursion, so nested input cannot exhaust the stack.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, NoReturn, TypeAlias

import yaml

from bot.model.errors import UnreadableError

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


MAX_QUOTED_LENGTH = 60


def printable(text: str) -> str:
    """Cut `text` after 60 characters, and write what cannot be printed as an escape."""
    short = text if len(text) <= MAX_QUOTED_LENGTH else text[: MAX_QUOTED_LENGTH - 1] + "…"
    return short if short.isprintable() else "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in short)


def quoted(text: str) -> str:
    """Give `text` in quotes for a reason that a person reads."""
    return f"'{printable(text)}'"


# Every break that YAML 1.1 and libyaml know; GitHub's annotations and git count only "\n".
_LINE_BREAKS = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


class LineMap:
    """The lines of one file, counted as GitHub counts them."""

    def __init__(self, text: str) -> None:
        self.lines = tuple(line.removesuffix("\r") for line in text.split("\n"))
        self._starts: list[int] | None = None
        if text.count("\r") != text.count("\r\n") or "\x85" in text or "\u2028" in text or "\u2029" in text:
            # _starts[n] is the YAML line on which GitHub's line n + 1 begins
            self._starts = [0]
            for count, match in enumerate(_LINE_BREAKS.finditer(text), start=1):
                if match.group().endswith("\n"):
                    self._starts.append(count)

    def line_number(self, yaml_line: int) -> int:
        """GitHub's 1-based number of the line that libyaml counts, from 0, as `yaml_line`; a file's end is on its last line."""
        line = yaml_line + 1 if self._starts is None else bisect_right(self._starts, yaml_line)
        return min(line, len(self.lines))

    def last_nonblank(self, first: int, last: int) -> int:
        """Find the last line from `first` to `last` (1-based) that is not blank: a block of text ends there."""
        last = min(last, len(self.lines))
        while last > first and not self.lines[last - 1].strip():
            last -= 1
        return last


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


# The four limits are GitHub's own, as of 2026-11: github.com/actions/runner, src/Sdk/WorkflowParser
MAX_BYTES = 1024 * 1024  # ParseOptions.MaxFileSize (there in characters)
MAX_DEPTH = 50  # ParseOptions.MaxDepth: lists and mappings inside each other
MAX_NODES = 50_000  # YamlObjectReader.c_maxYamlNodes: parts of the file, counted again at every alias
MAX_CHARACTERS = 5 * 1024 * 1024  # ParseOptions.MaxResultSize, 10 MB at two bytes each: of all values, as before


def read_yaml(content: bytes, *, ignore_case: bool = False) -> YamlNode:
    """Read a file that holds one YAML document.

    All scalars are text. Anchors and aliases are followed; an alias is the very node it names, with that node's lines.
    With `ignore_case` two keys that differ only in case are one key written twice, as GitHub has it in workflows.
    Raises UnreadableError for what GitHub refuses too: too large, too deep, not UTF-8, a key written twice, a merge
    key, a tag of one's own, several documents, or YAML that is none.
    """
    text = _decode(content)
    lines = LineMap(text)
    tree = NodeBuilder(lines, YamlLimits(MAX_DEPTH, MAX_NODES, MAX_CHARACTERS), ignore_case=ignore_case)
    try:
        events: Iterable[yaml.Event] = yaml.parse(text, Loader=yaml.CBaseLoader)
        for event in events:
            tree.add_event(event)
    except yaml.reader.ReaderError as error:
        line = text.encode().count(b"\n", 0, error.position) + 1  # libyaml counts bytes
        _reject_document(f"the character U+{int(error.character):04X} is not allowed in YAML; remove it", line)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 1 if mark is None else min(lines.line_number(mark.line), len(lines.lines))
        _reject_document(_error_sentence(error, lines.lines[line - 1]), line)
    if tree.root is None:
        _reject_document("the file is empty", 1)
    return tree.root


def _decode(content: bytes) -> str:
    """Give the text of the file without a byte order mark."""
    if len(content) > MAX_BYTES:
        _reject_document(f"the file has {len(content):,} bytes and the limit is {MAX_BYTES:,}; split it", None)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # error.start counts from behind a byte order mark; error.object is what was decoded
        line = error.object.count(b"\n", 0, error.start) + 1
        _reject_document(f"byte 0x{error.object[error.start]:02x} is not UTF-8; save the file as UTF-8", line)
    if (nul := text.find("\0")) >= 0:
        _reject_document("the file holds a NUL byte; remove it", text.count("\n", 0, nul) + 1)
    return text


def _error_sentence(error: yaml.MarkedYAMLError, line: str) -> str:
    """Say what libyaml says, which never quotes the file, with the remedy where we know it."""
    problem = error.problem or "this is not YAML"
    if problem == "found character that cannot start any token" and line.lstrip(" ").startswith("\t"):
        return "a tab indents this line; YAML is indented with spaces only"
    return f"this is not YAML: {problem}" + (f" {error.context}" if error.context else "")


def _reject_document(reason: str, line: int | None) -> NoReturn:
    raise UnreadableError(reason, line) from None
