"""Locates every key and value in a YAML file, and verifies that an edit changes only its target."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

import yaml

from bot.fixes.file_draft import FileDraft
from bot.model.errors import WharfingerError

YamlPath: TypeAlias = tuple[str | int, ...]  # keys of mappings and places in lists, from the root
YamlData: TypeAlias = "str | list[YamlData] | dict[str, YamlData]"  # what a file means, all scalars as text


class UnsafeEditError(WharfingerError):
    """A change that cannot be made safely; the text says why, in words that follow "no change is offered: "."""


@dataclass(frozen=True, slots=True)
class MappingEntry:
    """One key of a mapping with its value."""

    mapping: yaml.MappingNode
    index: int

    @property
    def key(self) -> yaml.ScalarNode:
        key: yaml.ScalarNode = self.mapping.value[self.index][0]
        return key

    @property
    def value(self) -> yaml.Node:
        value: yaml.Node = self.mapping.value[self.index][1]
        return value


@dataclass(frozen=True, slots=True)
class YamlTree:
    """A document and its text. The text was read before, so its depth and size are within bot/documents' limits."""

    draft: FileDraft
    root: yaml.Node
    starts: tuple[int, ...] = field(repr=False)  # where each line begins

    @property
    def text(self) -> str:
        return self.draft.text

    def node_at(self, path: YamlPath) -> yaml.Node:
        """Give the node at a path; raise NotEditedError where there is none, or where it stands under an alias."""
        node = self.root
        for step in path:
            if isinstance(node, yaml.MappingNode):
                node = self.find_entry(node, str(step)).value
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
            else:
                raise UnsafeEditError("the file is not written as it is read; an anchor or merge may be the reason")
        return node

    def find_entry(self, mapping: yaml.Node, key: str) -> MappingEntry:
        """Give the entry of a key; its value stands behind it, not elsewhere under an anchor."""
        if isinstance(mapping, yaml.MappingNode):
            for index, (found, _) in enumerate(mapping.value):
                if isinstance(found, yaml.ScalarNode) and found.value == key:
                    entry = MappingEntry(mapping, index)
                    if self.start(entry.value) < self.start(found):
                        raise UnsafeEditError(f"{key} is an alias of a text that stands elsewhere (*{key} or the like)")
                    return entry
        raise UnsafeEditError(f"the key {key} is not where it was read")

    def start(self, node: yaml.Node) -> int:
        """Give the offset of a node's first character, its anchor or tag included."""
        return self.starts[node.start_mark.line] + int(node.start_mark.column)

    def end(self, node: yaml.Node) -> int:
        """Give the offset behind a node's last character; a block ends with the last thing in it, not where the next begins."""
        finish = self.starts[min(node.end_mark.line, len(self.starts) - 1)] + int(node.end_mark.column)
        if isinstance(node, yaml.ScalarNode):
            block = node.style in ("|", ">")
            return self.start(node) + len(self.text[self.start(node) : finish].rstrip()) if block else finish
        if isinstance(node, yaml.MappingNode):
            return (
                self.end_of(MappingEntry(node, len(node.value) - 1)) if node.value and not node.flow_style else finish
            )
        if not isinstance(node, yaml.SequenceNode) or node.flow_style or not node.value:
            return finish
        last: yaml.Node = node.value[-1]
        return self.end(last) if self.start(last) >= self.start(node) else self.line_end(self.start(node))

    def end_of(self, entry: MappingEntry) -> int:
        """Give the offset behind an entry."""
        if self.start(entry.value) < self.start(entry.key):  # an alias: what it names stands elsewhere
            return self.line_end(self.end(entry.key))
        return max(self.end(entry.key) + 1, self.end(entry.value))

    def line_start(self, offset: int) -> int:
        """Give the offset at which the line begins that holds this one."""
        return self.text.rfind("\n", 0, offset) + 1

    def line_end(self, offset: int) -> int:
        """Give the offset of the break that ends this line, or of the end of the text."""
        found = self.text.find("\n", offset)
        return len(self.text) if found < 0 else found

    def text_before(self, offset: int) -> str:
        """Give what stands before this offset on its line."""
        return self.text[self.line_start(offset) : offset]

    def data(self) -> YamlData:
        """Give what the whole text means."""
        return _node_data(self.root)


@lru_cache(maxsize=1)  # what one edit leaves, the next begins with
def parse_tree(draft: FileDraft) -> YamlTree:
    """Read a draft; raise NotEditedError when it is not YAML, or breaks its lines in a way that only YAML knows."""
    if draft.has_unusual_line_breaks:
        raise UnsafeEditError("the file breaks lines with characters that only YAML takes for breaks")
    try:
        root = yaml.compose(draft.text, Loader=yaml.CBaseLoader)
    except yaml.YAMLError as error:
        raise UnsafeEditError("the changed text would not be YAML") from error
    if root is None:
        raise UnsafeEditError("the file is empty")
    starts = [0]
    for line in draft.text.split("\n")[:-1]:
        starts.append(starts[-1] + len(line) + 1)
    return YamlTree(draft, root, tuple(starts))


def _node_data(node: yaml.Node) -> YamlData:
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _node_data(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_node_data(item) for item in node.value]
    return str(node.value)


def data_at(data: YamlData, path: Sequence[str | int]) -> YamlData:
    """Give the part of a document's meaning at a path that is known to be there."""
    for step in path:
        if isinstance(data, dict):
            data = data[str(step)]
        elif isinstance(data, list) and isinstance(step, int):
            data = data[step]
    return data


DataEdit: TypeAlias = Callable[[YamlData], None]  # does to a document's meaning what an edit does to its text


def verify_edit(tree: YamlTree, changed: FileDraft, edit_data: DataEdit) -> FileDraft:
    """Hold a changed text to what it was meant to mean, and to nothing else."""
    expected = tree.data()
    edit_data(expected)
    if parse_tree(changed).data() != expected:
        raise UnsafeEditError(
            "the file is written in a way that a change of lines would not do justice to; change it by hand"
        )
    return changed


def expand_to_lines(tree: YamlTree, start: int, end: int) -> tuple[int, int]:
    """Widen a span to whole lines, with the break at their end; the break before the file's last line stays."""
    return tree.line_start(start), min(tree.line_end(end) + 1, len(tree.text))


@dataclass(frozen=True, slots=True)
class CommentedScalar:
    """A scalar with the comment behind it, where there is a line of its own for both."""

    value: str
    comment: str


YamlValue: TypeAlias = "str | CommentedScalar | Mapping[str, YamlValue]"  # a scalar, or a mapping of more


def block_lines(value: Mapping[str, YamlValue], column: int, step: int) -> list[str]:
    """Write a mapping as lines that are indented `step` further than `column`."""
    lines: list[str] = []
    for key, each in value.items():
        start = " " * (column + step) + f"{key}:"
        if isinstance(each, str):
            lines.append(f"{start} {_format_scalar(each)}")
        elif isinstance(each, CommentedScalar):
            lines.append(f"{start} {_format_scalar(each.value)} # {each.comment}")
        elif each:
            lines += [start, *block_lines(each, column + step, step)]
        else:
            lines.append(f"{start} {{}}")
    return lines


def flow_text(value: YamlValue) -> str:
    """Write a value inside braces, or on the line of its key."""
    if isinstance(value, CommentedScalar):
        return flow_text(value.value)
    if isinstance(value, str):
        return _quote_scalar(value) if set(value) & set("{}[],") else _format_scalar(value)
    return "{" + ", ".join(f"{key}: {flow_text(each)}" for key, each in value.items()) + "}"


def value_data(value: YamlValue) -> YamlData:
    """Give what a value means once it is written."""
    if isinstance(value, CommentedScalar):
        return value.value
    return value if isinstance(value, str) else {key: value_data(each) for key, each in value.items()}


def _format_scalar(value: str) -> str:
    plain = (
        value and value[0] not in "&*!|>'\"%@`#{[-?:," and ": " not in value and " #" not in value and "\n" not in value
    )
    return value if plain else _quote_scalar(value)


def _quote_scalar(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
