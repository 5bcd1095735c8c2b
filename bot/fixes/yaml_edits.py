"""A key put into a mapping, or taken out of it, in the text of a file."""

import yaml

from bot.fixes.file_draft import Draft
from bot.fixes.meant import checked, whole_lines
from bot.fixes.writing import Value, block, flow, meaning
from bot.fixes.yaml_tree import Data, Entry, NotEditedError, Path, Tree, part, tree_of

_GO_WHEN_EMPTY = frozenset({"with", "env"})
_STEP = 2  # spaces that a nested block is indented by, where the file does not show its own


def remove(draft: Draft, path: Path) -> Draft:
    """Take out one key with its value; `with` and `env` go with the last that they hold."""
    tree = tree_of(draft)
    entry = tree.entry(tree.at(path[:-1]), str(path[-1]))
    entries = entry.mapping.value
    if len(entries) == 1 and len(path) > 1 and path[-2] in _GO_WHEN_EMPTY:
        return remove(draft, path[:-1])
    start, end = tree.start(entry.key), tree.end_of(entry)
    following = tree.start(entries[entry.index + 1][0]) if entry.index + 1 < len(entries) else None
    if entry.mapping.flow_style:
        if following is not None:
            end = following
        elif entry.index:
            start = tree.end(entries[entry.index - 1][1])
    elif not tree.before(start).strip():
        start, end = whole_lines(tree, start, end)
    elif following is not None:  # it stands behind the dash of a list, where the next key takes its place
        end = following
    if following == end and _holds_comment(draft.text[tree.end_of(entry) : end]):
        raise NotEditedError("a comment stands between what would go and what would stay")

    def meant(data: Data) -> None:
        parent = part(data, path[:-1])
        assert isinstance(parent, dict)  # noqa: S101 - the entry was found in it
        del parent[str(path[-1])]

    return checked(tree, draft.spliced(start, end, ""), meant)


def put(draft: Draft, path: Path, key: str, value: Value, *, after: str | None = None) -> Draft:
    """Add a key to the mapping at `path`, behind the key `after` or at its end; one that is there gets the new value."""
    tree = tree_of(draft)
    mapping = tree.at(path)
    if not isinstance(mapping, yaml.MappingNode):
        raise NotEditedError(f"{path[-1] if path else 'the file'} is not a mapping")

    def meant(data: Data) -> None:
        parent = part(data, path)
        assert isinstance(parent, dict)  # noqa: S101 - it is a mapping in the text
        parent[key] = meaning(value)

    keys = [found.value for found, _ in mapping.value]
    if key in keys:
        changed = _put_over(tree, path, tree.entry(mapping, key), value)
    elif mapping.flow_style:
        changed = _put_in_flow(tree, mapping, f"{key}: {flow(value)}")
    else:
        near = tree.end_of(tree.entry(mapping, after if after is not None and after in keys else keys[-1]))
        indent = _indent(tree, path)
        lines = block({key: value}, _column(tree, mapping.value[0][0]) - indent, indent)
        at = tree.line_end(near - (tree.text[near - 1] == "\n"))
        changed = draft.spliced(at, at, "\n" + "\n".join(lines))
    return checked(tree, changed, meant)


def _put_over(tree: Tree, path: Path, entry: Entry, value: Value) -> Draft:
    """Put a value in the place of another one, in the style of what is around it."""
    start, end = tree.start(entry.value), tree.end(entry.value)
    start = tree.end(entry.key) + tree.text[tree.end(entry.key) : start].rfind(":") + 1
    if isinstance(value, str) or entry.mapping.flow_style:
        return tree.draft.spliced(start, end, " " + flow(value))
    lines = block(value, _column(tree, entry.key), _indent(tree, path))
    return tree.draft.spliced(start, end, "\n" + "\n".join(lines))


def _put_in_flow(tree: Tree, mapping: yaml.MappingNode, source: str) -> Draft:
    if not mapping.value:
        at = tree.text.index("{", tree.start(mapping)) + 1
        return tree.draft.spliced(at, at, source)
    at = tree.end(mapping.value[-1][1])
    return tree.draft.spliced(at, at, ", " + source)


def _column(tree: Tree, node: yaml.Node) -> int:
    return tree.start(node) - tree.line_start(tree.start(node))


def _indent(tree: Tree, path: Path) -> int:
    """Give the file's own indentation, as the mapping at `path` shows it against the one around it."""
    outer = tree.at(path[:-1]) if path else None
    inner = tree.at(path)
    if isinstance(outer, yaml.MappingNode) and isinstance(inner, yaml.MappingNode) and inner.value:
        return (
            max(1, _column(tree, inner.value[0][0]) - _column(tree, outer.value[0][0]))
            if not inner.flow_style
            else _STEP
        )
    return _STEP


def _holds_comment(text: str) -> bool:
    return any(line.lstrip().startswith("#") for line in text.split("\n")[1:])
