"""Sets and removes keys, steps and scalar values in the text of a YAML file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import yaml

from bot.fixes.file_draft import FileDraft
from bot.fixes.yaml_tree import (
    CommentedScalar,
    MappingEntry,
    UnsafeEditError,
    YamlData,
    YamlPath,
    YamlTree,
    YamlValue,
    block_lines,
    data_at,
    expand_to_lines,
    flow_text,
    parse_tree,
    value_data,
    verify_edit,
)

_REMOVED_WHEN_EMPTY = frozenset({"with", "env"})
_DEFAULT_INDENT = 2  # spaces that a nested block is indented by, where the file does not show its own


def remove_key(draft: FileDraft, path: YamlPath) -> FileDraft:
    """Take out one key with its value; `with` and `env` go with the last that they hold."""
    tree = parse_tree(draft)
    entry = tree.find_entry(tree.node_at(path[:-1]), str(path[-1]))
    entries = entry.mapping.value
    if len(entries) == 1 and len(path) > 1 and path[-2] in _REMOVED_WHEN_EMPTY:
        return remove_key(draft, path[:-1])
    start, end = tree.start(entry.key), tree.end_of(entry)
    following = tree.start(entries[entry.index + 1][0]) if entry.index + 1 < len(entries) else None
    if entry.mapping.flow_style:
        if following is not None:
            end = following
        elif entry.index:
            start = tree.end(entries[entry.index - 1][1])
    elif not tree.text_before(start).strip():
        start, end = expand_to_lines(tree, start, end)
    elif following is not None:  # it stands behind the dash of a list, where the next key takes its place
        end = following
    if following == end and _holds_comment(draft.text[tree.end_of(entry) : end]):
        raise UnsafeEditError("a comment stands between what would go and what would stay")

    def meant(data: YamlData) -> None:
        parent = data_at(data, path[:-1])
        assert isinstance(parent, dict)  # noqa: S101 - the entry was found in it
        del parent[str(path[-1])]

    return verify_edit(tree, draft.spliced(start, end, ""), meant)


def set_key(draft: FileDraft, path: YamlPath, key: str, value: YamlValue, *, after: str | None = None) -> FileDraft:
    """Add a key to the mapping at `path`, behind the key `after` or at its end; one that is there gets the new value."""
    tree = parse_tree(draft)
    mapping = tree.node_at(path)
    if not isinstance(mapping, yaml.MappingNode):
        raise UnsafeEditError(f"{path[-1] if path else 'the file'} is not a mapping")

    def meant(data: YamlData) -> None:
        parent = data_at(data, path)
        assert isinstance(parent, dict)  # noqa: S101 - it is a mapping in the text
        parent[key] = value_data(value)

    keys = [found.value for found, _ in mapping.value]
    if key in keys:
        changed = _replace_value(tree, path, tree.find_entry(mapping, key), value)
    elif mapping.flow_style:
        changed = _add_to_flow_mapping(tree, mapping, f"{key}: {flow_text(value)}")
    else:
        previous_end = tree.end_of(tree.find_entry(mapping, after if after is not None and after in keys else keys[-1]))
        indent = _indentation(tree, path)
        lines = block_lines({key: value}, _column(tree, mapping.value[0][0]) - indent, indent)
        at = tree.line_end(previous_end - (tree.text[previous_end - 1] == "\n"))
        changed = draft.spliced(at, at, "\n" + "\n".join(lines))
    return verify_edit(tree, changed, meant)


def _replace_value(tree: YamlTree, path: YamlPath, entry: MappingEntry, value: YamlValue) -> FileDraft:
    """Put a value in the place of another one, in the style of what is around it."""
    start, end = tree.start(entry.value), tree.end(entry.value)
    start = tree.end(entry.key) + tree.text[tree.end(entry.key) : start].rfind(":") + 1
    if isinstance(value, str | CommentedScalar) or entry.mapping.flow_style:
        return tree.draft.spliced(start, end, " " + flow_text(value))
    lines = block_lines(value, _column(tree, entry.key), _indentation(tree, path))
    return tree.draft.spliced(start, end, "\n" + "\n".join(lines))


def _add_to_flow_mapping(tree: YamlTree, mapping: yaml.MappingNode, source: str) -> FileDraft:
    if not mapping.value:
        at = tree.text.index("{", tree.start(mapping)) + 1
        return tree.draft.spliced(at, at, source)
    at = tree.end(mapping.value[-1][1])
    return tree.draft.spliced(at, at, ", " + source)


def _column(tree: YamlTree, node: yaml.Node) -> int:
    return tree.start(node) - tree.line_start(tree.start(node))


def _indentation(tree: YamlTree, path: YamlPath) -> int:
    """Give the file's own indentation, as the mapping at `path` shows it against the one around it."""
    outer = tree.node_at(path[:-1]) if path else None
    inner = tree.node_at(path)
    if isinstance(outer, yaml.MappingNode) and isinstance(inner, yaml.MappingNode) and inner.value:
        return (
            max(1, _column(tree, inner.value[0][0]) - _column(tree, outer.value[0][0]))
            if not inner.flow_style
            else _DEFAULT_INDENT
        )
    return _DEFAULT_INDENT


def _holds_comment(text: str) -> bool:
    return any(line.lstrip().startswith("#") for line in text.split("\n")[1:])


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
    script = "\n".join(line for line in lines if line is not None)

    def meant(data: YamlData) -> None:
        parent = data_at(data, path[:-1])
        assert isinstance(parent, dict)  # noqa: S101 - the entry was found in it
        parent[str(path[-1])] = script

    starts = tree.starts[node.start_mark.line + 1 :]
    for start, was, now in reversed(list(zip(starts, old, lines, strict=False))):  # the file goes on behind the script
        end = tree.line_end(start)
        if now is None:
            draft = draft.spliced(*expand_to_lines(tree, start, end), "")
        elif now != was:
            draft = draft.spliced(end - len(was), end, now)
    return verify_edit(tree, draft, meant)
