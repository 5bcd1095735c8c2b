"""A changed text is held to what it was meant to mean, and to nothing else."""

from collections.abc import Callable
from typing import TypeAlias

from bot.fixes.file_draft import FileDraft
from bot.fixes.yaml_tree import UnsafeEditError, YamlData, YamlTree, parse_tree

DataEdit: TypeAlias = Callable[[YamlData], None]  # does to a document's meaning what an edit does to its text


def verify_edit(tree: YamlTree, changed: FileDraft, edit_data: DataEdit) -> FileDraft:
    """Hold a changed text to what it was meant to mean, and to nothing else."""
    wanted = tree.data()
    edit_data(wanted)
    if parse_tree(changed).data() != wanted:
        raise UnsafeEditError(
            "the file is written in a way that a change of lines would not do justice to; change it by hand"
        )
    return changed


def expand_to_lines(tree: YamlTree, start: int, end: int) -> tuple[int, int]:
    """Widen a span to whole lines, with the break at their end; the break before the file's last line stays."""
    return tree.line_start(start), min(tree.line_end(end) + 1, len(tree.text))
