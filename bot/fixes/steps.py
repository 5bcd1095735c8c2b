"""A step put into a job, or taken out of it."""

from collections.abc import Mapping

import yaml

from bot.fixes.file_draft import FileDraft
from bot.fixes.meant import expand_to_lines, verify_edit
from bot.fixes.writing import YamlValue, block_lines, flow_text, value_data
from bot.fixes.yaml_tree import UnsafeEditError, YamlData, YamlPath, YamlTree, data_at, parse_tree

STEP_INDENT = 2  # spaces that what stands in a step is indented by


def insert_step(draft: FileDraft, steps: YamlPath, index: int, step: Mapping[str, YamlValue]) -> FileDraft:
    """Put a step in front of the one at `index`, and in front of the comment above that."""
    tree = parse_tree(draft)
    sequence = tree.node_at(steps)
    if not isinstance(sequence, yaml.SequenceNode) or not sequence.value:
        raise UnsafeEditError("the job's steps are not written as a plain list")
    last = index == len(sequence.value)  # it goes behind the last one
    item = sequence.value[index - last]
    start = tree.start(item)

    def meant(data: YamlData) -> None:
        parent = data_at(data, steps)
        assert isinstance(parent, list)  # noqa: S101 - it is a list in the text
        parent.insert(index, value_data(step))

    if sequence.flow_style:
        at = tree.end(item) if last else start
        return verify_edit(
            tree, draft.spliced(at, at, ", " + flow_text(step) if last else flow_text(step) + ", "), meant
        )
    before = tree.text_before(start)
    if before.strip() != "-":
        raise UnsafeEditError("the step's dash does not stand in front of its first key")
    dash, gap = before.partition("-")[0], before.partition("-")[2]
    lines = block_lines(step, len(dash) + 1 + len(gap) - STEP_INDENT, STEP_INDENT)
    lines[0] = dash + "-" + gap + lines[0].lstrip()
    if last:
        at = tree.line_end(tree.end(item))
        blank = _start_with_comments(tree, tree.line_start(start), first=len(sequence.value) == 1)[1]
        return verify_edit(tree, draft.spliced(at, at, ("\n\n" if blank else "\n") + "\n".join(lines)), meant)
    at, blank = _start_with_comments(tree, tree.line_start(start), first=index == 0)
    return verify_edit(tree, draft.spliced(at, at, "\n".join(lines) + ("\n\n" if blank else "\n")), meant)


def remove_step(draft: FileDraft, steps: YamlPath, index: int) -> FileDraft:
    """Take out a whole step; raise NotEditedError when it is the only one, or others use what it hands on."""
    tree = parse_tree(draft)
    sequence = tree.node_at(steps)
    if not isinstance(sequence, yaml.SequenceNode) or len(sequence.value) < 2:  # noqa: PLR2004 - the one that goes, and one that stays
        raise UnsafeEditError("the job would have no step left")
    item = sequence.value[index]
    start, end = tree.start(item), tree.end(item)
    if sequence.flow_style:
        if index + 1 < len(sequence.value):
            end = tree.start(sequence.value[index + 1])
        else:
            start = tree.end(sequence.value[index - 1])
    else:
        if tree.text_before(start).strip() != "-":
            raise UnsafeEditError("the step's dash does not stand in front of its first key")
        start, end = expand_to_lines(tree, start, end)
        if draft.text[end : tree.line_end(end)].strip() == "" and end < len(draft.text):
            end = min(tree.line_end(end) + 1, len(draft.text))  # the blank line behind it goes too

    def meant(data: YamlData) -> None:
        parent = data_at(data, steps)
        assert isinstance(parent, list)  # noqa: S101 - it is a list in the text
        del parent[index]

    return verify_edit(tree, draft.spliced(start, end, ""), meant)


def _start_with_comments(tree: YamlTree, at: int, *, first: bool) -> tuple[int, bool]:
    """Give where a step begins with the comments above it, and whether a blank line parts it from the step before."""
    if first:
        return at, False
    above = at
    while above and tree.text[tree.line_start(above - 1) : above].lstrip().startswith("#"):
        above = tree.line_start(above - 1)
    blank = bool(above) and not tree.text[tree.line_start(above - 1) : above].strip()
    return above, blank
