"""What is new in the files of a change: what was there before, wherever it stood, is a rule's to tell and no signal."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.checks.alerts.change_alert import Change, Look, Sides
from bot.model.findings import Finding, Unseen
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import Workflow

MOST = 20  # findings of one signal in one change; a hostile push is not a reason to write a book
_MOST_PAIRS = 400  # of a workflow that went and one that came, which are compared


@dataclass(frozen=True, slots=True)
class Sight:
    """Something at a place; `key` says what it is, so that a line that moved, or a renamed file, is the same thing."""

    key: tuple[str, ...]
    said: Finding | Unseen
    of: str = ""  # the path of the workflow that it is tied to: in another one it is another thing


def newly(change: Change, look: Callable[[Snapshot, frozenset[str]], Iterable[Sight]]) -> Iterator[Finding | Unseen]:
    """Yield what `look` finds in the changed files, unless it was anywhere in the files before.

    `look` is given a snapshot and the paths that are to be looked into.
    """
    files = change.files
    if isinstance(files, Unseen):
        yield files
        return
    sides = files.value
    yield from unread(sides.after, sides.changed)
    found: dict[tuple[str, ...], Sight] = {}
    was = renamed(sides)
    for sight in look(sides.after, sides.changed):
        found.setdefault((was.get(sight.of, sight.of), *sight.key), sight)
    if not found:
        return
    known = {(sight.of, *sight.key) for sight in look(sides.before, paths(sides.before))}
    new = [sight.said for key, sight in found.items() if key not in known]
    yield from new[:MOST]
    if len(new) > MOST:
        yield Unseen(Look.FILES.what, f"{len(new) - MOST} more of the same kind are not told one by one")


def renamed(sides: Sides) -> Mapping[str, str]:
    """Return which path a workflow had before, for each that has another name now and still half of its lines."""
    before, after = sides.before.workflows, sides.after.workflows
    gone, come = sorted(before.keys() - after.keys()), sorted(after.keys() - before.keys())
    if len(gone) * len(come) > _MOST_PAIRS:
        return {}
    alike = ((_shared(before[old], after[new]), old, new) for new in come for old in gone)
    was: dict[str, str] = {}
    for _, old, new in sorted((each for each in alike if each[0] * 2 >= 1), reverse=True):
        if new not in was and old not in was.values():
            was[new] = old
    return was


def _shared(one: Workflow, other: Workflow) -> float:
    """Return which part of the longer one's lines both have, from 0 to 1; how far they are indented does not count."""
    lines, others = (Counter(filter(None, map(str.strip, each.lines))) for each in (one, other))
    return (lines & others).total() / max(lines.total(), others.total(), 1)


def unread(after: Snapshot, changed: Iterable[str]) -> Iterator[Unseen]:
    """Yield the changed files that could not be read: what hides in them nobody knows."""
    known = set(changed)
    for file in after.unreadable:
        if file.file in known:
            yield Unseen(file.file, file.reason)


def paths(snapshot: Snapshot) -> frozenset[str]:
    """Return all paths that a snapshot was made of."""
    actions = (action.path for action in snapshot.actions.values())
    return frozenset((*snapshot.workflows, *actions, *snapshot.texts))
