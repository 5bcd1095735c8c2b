"""A key put into a mapping, or taken out of it, in the text of a file."""

import yaml

from bot.fixes.file_draft import FileDraft
from bot.fixes.meant import expand_to_lines, verify_edit
from bot.fixes.writing import YamlValue, block_lines, flow_text, value_data
from bot.fixes.yaml_tree import MappingEntry, UnsafeEditError, YamlData, YamlPath, YamlTree, data_at, parse_tree

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
        near = tree.end_of(tree.find_entry(mapping, after if after is not None and after in keys else keys[-1]))
        indent = _indentation(tree, path)
        lines = block_lines({key: value}, _column(tree, mapping.value[0][0]) - indent, indent)
        at = tree.line_end(near - (tree.text[near - 1] == "\n"))
        changed = draft.spliced(at, at, "\n" + "\n".join(lines))
    return verify_edit(tree, changed, meant)


def _replace_value(tree: YamlTree, path: YamlPath, entry: MappingEntry, value: YamlValue) -> FileDraft:
    """Put a value in the place of another one, in the style of what is around it."""
    start, end = tree.start(entry.value), tree.end(entry.value)
    start = tree.end(entry.key) + tree.text[tree.end(entry.key) : start].rfind(":") + 1
    if isinstance(value, str) or entry.mapping.flow_style:
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
