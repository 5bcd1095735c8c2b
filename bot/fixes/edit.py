"""The few changes that a fix is made of; each is refused unless the changed text means exactly what was meant."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import yaml

from bot.fixes.draft import Draft
from bot.fixes.tree import Data, NotEditedError, Path, Tree, part, tree_of

Value: TypeAlias = "str | Mapping[str, Value]"  # what is put in: a scalar, or a mapping of more
Meaning: TypeAlias = Callable[[Data], None]  # does to a document's meaning what an edit does to its text

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
        start, end = _whole_lines(tree, start, end)
    elif following is not None:  # it stands behind the dash of a list, where the next key takes its place
        end = following
    if _holds_comment(draft.text[tree.line_end(start) : end]) and following is not None and end == following:
        raise NotEditedError("a comment stands between what would go and what would stay")

    def meaning(data: Data) -> None:
        parent = part(data, path[:-1])
        assert isinstance(parent, dict)  # noqa: S101 - the entry was found in it
        del parent[str(path[-1])]

    return _checked(tree, draft.spliced(start, end, ""), meaning)


def put(draft: Draft, path: Path, key: str, value: Value, *, after: str | None = None) -> Draft:
    """Add a key to the mapping at `path`, behind the key `after` or at its end; one that is there gets the new value."""
    tree = tree_of(draft)
    mapping = tree.at(path)
    if not isinstance(mapping, yaml.MappingNode):
        raise NotEditedError(f"{path[-1] if path else 'the file'} is not a mapping")

    def meaning(data: Data) -> None:
        parent = part(data, path)
        assert isinstance(parent, dict)  # noqa: S101 - it is a mapping in the text
        parent[key] = _plain(value)

    keys = [found.value for found, _ in mapping.value]
    if key in keys:
        entry = tree.entry(mapping, key)
        start, end = tree.start(entry.value), tree.end(entry.value)
        space = "" if tree.text[start - 1 : start] == " " else " "
        if isinstance(value, str):
            return _checked(tree, draft.spliced(start, end, space + _flow(value)), meaning)
        block = "\n".join(_block(value, _column(tree, entry.key), _indent(tree, path)))
        flow = mapping.flow_style
        return _checked(
            tree, draft.spliced(start - (not space and not flow), end, _flow(value) if flow else "\n" + block), meaning
        )
    if mapping.flow_style:
        return _checked(tree, _put_in_flow(tree, mapping, f"{key}: {_flow(value)}"), meaning)
    near = tree.entry(mapping, after if after in keys and after is not None else keys[-1])
    lines = _block({key: value}, _column(tree, mapping.value[0][0]) - _indent(tree, path), _indent(tree, path))
    at = tree.line_end(tree.end_of(near) - 1 if tree.text[tree.end_of(near) - 1] == "\n" else tree.end_of(near))
    return _checked(tree, draft.spliced(at, at, "\n" + "\n".join(lines)), meaning)


def insert_step(draft: Draft, steps: Path, index: int, step: Mapping[str, Value]) -> Draft:
    """Put a step in front of the one at `index`, and in front of the comment above that."""
    tree = tree_of(draft)
    sequence = tree.at(steps)
    if not isinstance(sequence, yaml.SequenceNode) or not sequence.value:
        raise NotEditedError("the job's steps are not written as a plain list")
    last = index == len(sequence.value)  # it goes behind the last one
    item = sequence.value[index - last]
    start = tree.start(item)

    def meaning(data: Data) -> None:
        parent = part(data, steps)
        assert isinstance(parent, list)  # noqa: S101 - it is a list in the text
        parent.insert(index, _plain(step))

    if sequence.flow_style:
        at = tree.end(item) if last else start
        return _checked(tree, draft.spliced(at, at, ", " + _flow(step) if last else _flow(step) + ", "), meaning)
    before = tree.before(start)
    if before.strip() != "-":
        raise NotEditedError("the step's dash does not stand in front of its first key")
    dash, gap = before.partition("-")[0], before.partition("-")[2]
    lines = _block(step, len(dash) + 1 + len(gap) - _STEP, _STEP)
    lines[0] = dash + "-" + gap + lines[0].lstrip()
    if last:
        at = tree.line_end(tree.end(item))
        blank = _above_comments(tree, tree.line_start(start), first=len(sequence.value) == 1)[1]
        return _checked(tree, draft.spliced(at, at, ("\n\n" if blank else "\n") + "\n".join(lines)), meaning)
    at, blank = _above_comments(tree, tree.line_start(start), first=index == 0)
    return _checked(tree, draft.spliced(at, at, "\n".join(lines) + ("\n\n" if blank else "\n")), meaning)


def remove_step(draft: Draft, steps: Path, index: int) -> Draft:
    """Take out a whole step; raise NotEditedError when it is the only one, or others use what it hands on."""
    tree = tree_of(draft)
    sequence = tree.at(steps)
    if not isinstance(sequence, yaml.SequenceNode) or len(sequence.value) < 2:  # noqa: PLR2004 - the one that goes, and one that stays
        raise NotEditedError("the job would have no step left")
    item = sequence.value[index]
    start, end = tree.start(item), tree.end(item)
    if sequence.flow_style:
        if index + 1 < len(sequence.value):
            end = tree.start(sequence.value[index + 1])
        else:
            start = tree.end(sequence.value[index - 1])
    else:
        if tree.before(start).strip() != "-":
            raise NotEditedError("the step's dash does not stand in front of its first key")
        start, end = _whole_lines(tree, start, end)
        if draft.text[end : tree.line_end(end)].strip() == "" and end < len(draft.text):
            end = min(tree.line_end(end) + 1, len(draft.text))  # the blank line behind it goes too

    def meaning(data: Data) -> None:
        parent = part(data, steps)
        assert isinstance(parent, list)  # noqa: S101 - it is a list in the text
        del parent[index]

    return _checked(tree, draft.spliced(start, end, ""), meaning)


@dataclass(frozen=True, slots=True)
class Swap:
    """Put one text in the place of another, wherever it stands."""

    old: str
    new: str

    def __call__(self, text: str) -> str:
        return text.replace(self.old, self.new)


def substitute(draft: Draft, path: Path, change: Callable[[str], str]) -> Draft:
    """Change a scalar's text where it stands, whatever its style: `change` has to do the same to its source and its value."""
    tree = tree_of(draft)
    entry = tree.entry(tree.at(path[:-1]), str(path[-1]))
    if not isinstance(entry.value, yaml.ScalarNode):
        raise NotEditedError(f"{path[-1]} is not a single value")
    start, end = tree.start(entry.value), tree.end(entry.value)

    def meaning(data: Data) -> None:
        parent = part(data, path[:-1])
        assert isinstance(parent, dict)  # noqa: S101 - the entry was found in it
        parent[str(path[-1])] = change(str(parent[str(path[-1])]))

    return _checked(tree, draft.spliced(start, end, change(draft.text[start:end])), meaning)


def rewrite(draft: Draft, path: Path, lines: Sequence[str | None]) -> Draft:
    """Give a script new lines, one for each that it has; None takes the line out. Only what is written with `|`, or on one line."""
    tree = tree_of(draft)
    entry = tree.entry(tree.at(path[:-1]), str(path[-1]))
    node = entry.value
    if not isinstance(node, yaml.ScalarNode) or node.style == ">" or (node.style != "|" and "\n" in node.value):
        raise NotEditedError("the script is folded over several lines")
    old = node.value.split("\n")
    if node.style != "|":
        return substitute(draft, path, Swap(old[0], lines[0] or ""))
    shift = node.start_mark.line + 1
    numbers = [n for n, (was, now) in enumerate(zip(old, lines, strict=True)) if was != now]
    wanted = "\n".join(line for line in lines if line is not None)

    def meaning(data: Data) -> None:
        parent = part(data, path[:-1])
        assert isinstance(parent, dict)  # noqa: S101 - the entry was found in it
        parent[str(path[-1])] = wanted

    for number in reversed(numbers):
        start, now = tree.starts[shift + number], lines[number]
        end = tree.line_end(start)
        if now is None:
            draft = draft.spliced(*_whole_lines(tree, start, end), "")
        else:
            draft = draft.spliced(end - len(old[number]), end, now)
    return _checked(tree, draft, meaning)


def _checked(tree: Tree, changed: Draft, meaning: Meaning) -> Draft:
    """Hold a changed text to what it was meant to mean, and to nothing else."""
    wanted = tree.data()
    meaning(wanted)
    if tree_of(changed).data() != wanted:
        raise NotEditedError(
            "the file is written in a way that a change of lines would not do justice to; change it by hand"
        )
    return changed


def _whole_lines(tree: Tree, start: int, end: int) -> tuple[int, int]:
    """Widen a span to whole lines, with the break at their end; the break before the file's last line stays."""
    return tree.line_start(start), min(tree.line_end(end) + 1, len(tree.text))


def _above_comments(tree: Tree, at: int, *, first: bool) -> tuple[int, bool]:
    """Give where a step begins with the comments above it, and whether a blank line parts it from the step before."""
    if first:
        return at, False
    above = at
    while above and tree.text[tree.line_start(above - 1) : above].lstrip().startswith("#"):
        above = tree.line_start(above - 1)
    blank = bool(above) and not tree.text[tree.line_start(above - 1) : above].strip()
    return above, blank


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


def _block(value: Mapping[str, Value], column: int, step: int) -> list[str]:
    """Write a mapping as lines that are indented `step` further than `column`."""
    lines: list[str] = []
    for key, each in value.items():
        start = " " * (column + step) + f"{key}:"
        if isinstance(each, str):
            lines.append(f"{start} {_scalar(each)}")
        elif each:
            lines += [start, *_block(each, column + step, step)]
        else:
            lines.append(f"{start} {{}}")
    return lines


def _flow(value: Value) -> str:
    if isinstance(value, str):
        return f'"{value}"' if set(value) & set("{}[],") else _scalar(value)
    return "{" + ", ".join(f"{key}: {_flow(each)}" for key, each in value.items()) + "}"


def _scalar(value: str) -> str:
    plain = (
        value and value[0] not in "&*!|>'\"%@`#{[-?:," and ": " not in value and " #" not in value and "\n" not in value
    )
    return value if plain else "'" + value.replace("'", "''") + "'"


def _plain(value: Value) -> Data:
    return value if isinstance(value, str) else {key: _plain(each) for key, each in value.items()}


def _holds_comment(text: str) -> bool:
    return any(line.lstrip().startswith("#") for line in text.split("\n")[1:])
