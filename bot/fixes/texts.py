"""A text changed where it stands: a scalar of any style, or the lines of a script."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import yaml

from bot.fixes.file_draft import FileDraft
from bot.fixes.meant import expand_to_lines, verify_edit
from bot.fixes.yaml_tree import UnsafeEditError, YamlData, YamlPath, data_at, parse_tree


@dataclass(frozen=True, slots=True)
class TextReplacement:
    """Put one text in the place of another, wherever it stands."""

    old: str
    new: str

    def __call__(self, text: str) -> str:
        return text.replace(self.old, self.new)


def edit_scalar(draft: FileDraft, path: YamlPath, change: Callable[[str], str]) -> FileDraft:
    """Change a scalar's text where it stands, whatever its style: `change` has to do the same to its source and its value."""
    tree = parse_tree(draft)
    entry = tree.find_entry(tree.node_at(path[:-1]), str(path[-1]))
    if not isinstance(entry.value, yaml.ScalarNode):
        raise UnsafeEditError(f"{path[-1]} is not a single value")
    start, end = tree.start(entry.value), tree.end(entry.value)

    def meant(data: YamlData) -> None:
        parent = data_at(data, path[:-1])
        assert isinstance(parent, dict)  # noqa: S101 - the entry was found in it
        parent[str(path[-1])] = change(str(parent[str(path[-1])]))

    return verify_edit(tree, draft.spliced(start, end, change(draft.text[start:end])), meant)


def rewrite_script(draft: FileDraft, path: YamlPath, lines: Sequence[str | None]) -> FileDraft:
    """Give a script new lines, one for each that it has; None takes the line out. Only what is written with `|`, or on one line."""
    tree = parse_tree(draft)
    entry = tree.find_entry(tree.node_at(path[:-1]), str(path[-1]))
    node = entry.value
    if not isinstance(node, yaml.ScalarNode) or node.style == ">" or (node.style != "|" and "\n" in node.value):
        raise UnsafeEditError("the script is folded over several lines")
    old = node.value.split("\n")
    if node.style != "|":
        return edit_scalar(draft, path, TextReplacement(old[0], lines[0] or ""))
    shift = node.start_mark.line + 1
    numbers = [n for n, (was, now) in enumerate(zip(old, lines, strict=True)) if was != now]
    wanted = "\n".join(line for line in lines if line is not None)

    def meant(data: YamlData) -> None:
        parent = data_at(data, path[:-1])
        assert isinstance(parent, dict)  # noqa: S101 - the entry was found in it
        parent[str(path[-1])] = wanted

    for number in reversed(numbers):
        start, now = tree.starts[shift + number], lines[number]
        end = tree.line_end(start)
        if now is None:
            draft = draft.spliced(*expand_to_lines(tree, start, end), "")
        else:
            draft = draft.spliced(end - len(old[number]), end, now)
    return verify_edit(tree, draft, meant)
