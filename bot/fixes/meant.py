"""A changed text is held to what it was meant to mean, and to nothing else."""

from collections.abc import Callable
from typing import TypeAlias

from bot.fixes.file_draft import Draft
from bot.fixes.yaml_tree import Data, NotEditedError, Tree, tree_of

Meaning: TypeAlias = Callable[[Data], None]  # does to a document's meaning what an edit does to its text


def checked(tree: Tree, changed: Draft, meaning: Meaning) -> Draft:
    """Hold a changed text to what it was meant to mean, and to nothing else."""
    wanted = tree.data()
    meaning(wanted)
    if tree_of(changed).data() != wanted:
        raise NotEditedError(
            "the file is written in a way that a change of lines would not do justice to; change it by hand"
        )
    return changed


def whole_lines(tree: Tree, start: int, end: int) -> tuple[int, int]:
    """Widen a span to whole lines, with the break at their end; the break before the file's last line stays."""
    return tree.line_start(start), min(tree.line_end(end) + 1, len(tree.text))
