"""The text of a YAML file with the exact place of each key and value in it, so that a part can be changed and the rest kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

import yaml

from bot.fixes.file_draft import Draft
from bot.model.errors import WharfingerError

Path: TypeAlias = tuple[str | int, ...]  # keys of mappings and places in lists, from the root
Data: TypeAlias = "str | list[Data] | dict[str, Data]"  # what a file means, all scalars as text


class NotEditedError(WharfingerError):
    """A change that cannot be made safely; the text says why, in words that follow "no change is offered: "."""


@dataclass(frozen=True, slots=True)
class Entry:
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
class Tree:
    """A document and its text. The text was read before, so its depth and size are within bot/documents' limits."""

    draft: Draft
    root: yaml.Node
    starts: tuple[int, ...] = field(repr=False)  # where each line begins

    @property
    def text(self) -> str:
        return self.draft.text

    def at(self, path: Path) -> yaml.Node:
        """Give the node at a path; raise NotEditedError where there is none, or where it stands under an alias."""
        node = self.root
        for step in path:
            if isinstance(node, yaml.MappingNode):
                node = self.entry(node, str(step)).value
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
            else:
                raise NotEditedError("the file is not written as it is read; an anchor or merge may be the reason")
        return node

    def entry(self, mapping: yaml.Node, key: str) -> Entry:
        """Give the entry of a key; its value stands behind it, not elsewhere under an anchor."""
        if isinstance(mapping, yaml.MappingNode):
            for index, (found, _) in enumerate(mapping.value):
                if isinstance(found, yaml.ScalarNode) and found.value == key:
                    entry = Entry(mapping, index)
                    if self.start(entry.value) < self.start(found):
                        raise NotEditedError(f"{key} is an alias of a text that stands elsewhere (*{key} or the like)")
                    return entry
        raise NotEditedError(f"the key {key} is not where it was read")

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
            return self.end_of(Entry(node, len(node.value) - 1)) if node.value and not node.flow_style else finish
        if not isinstance(node, yaml.SequenceNode) or node.flow_style or not node.value:
            return finish
        last: yaml.Node = node.value[-1]
        return self.end(last) if self.start(last) >= self.start(node) else self.line_end(self.start(node))

    def end_of(self, entry: Entry) -> int:
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

    def before(self, offset: int) -> str:
        """Give what stands before this offset on its line."""
        return self.text[self.line_start(offset) : offset]

    def data(self) -> Data:
        """Give what the whole text means."""
        return _data(self.root)


@lru_cache(maxsize=1)  # what one edit leaves, the next begins with
def tree_of(draft: Draft) -> Tree:
    """Read a draft; raise NotEditedError when it is not YAML, or breaks its lines in a way that only YAML knows."""
    if draft.odd:
        raise NotEditedError("the file breaks lines with characters that only YAML takes for breaks")
    try:
        root = yaml.compose(draft.text, Loader=yaml.CBaseLoader)
    except yaml.YAMLError as error:
        raise NotEditedError("the changed text would not be YAML") from error
    if root is None:
        raise NotEditedError("the file is empty")
    starts = [0]
    for line in draft.text.split("\n")[:-1]:
        starts.append(starts[-1] + len(line) + 1)
    return Tree(draft, root, tuple(starts))


def _data(node: yaml.Node) -> Data:
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _data(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_data(item) for item in node.value]
    return str(node.value)


def part(data: Data, path: Sequence[str | int]) -> Data:
    """Give the part of a document's meaning at a path that is known to be there."""
    for step in path:
        if isinstance(data, dict):
            data = data[str(step)]
        elif isinstance(data, list) and isinstance(step, int):
            data = data[step]
    return data
