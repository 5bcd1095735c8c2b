"""What is new in the files of a change: what was there before, wherever it stood, is a rule's to tell and no signal."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from bot.findings import Finding, Unseen
from bot.repository import Snapshot
from bot.signals.model import Change, Look

MOST = 20  # findings of one signal in one change; a hostile push is not a reason to write a book


@dataclass(frozen=True, slots=True)
class Sight:
    """Something at a place; `key` says what it is, so that a line that moved, or a renamed file, is the same thing."""

    key: tuple[str, ...]
    said: Finding | Unseen


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
    for sight in look(sides.after, sides.changed):
        found.setdefault(sight.key, sight)
    if not found:
        return
    known = {sight.key for sight in look(sides.before, paths(sides.before))}
    new = [sight.said for key, sight in found.items() if key not in known]
    yield from new[:MOST]
    if len(new) > MOST:
        yield Unseen(Look.FILES.what, f"{len(new) - MOST} more of the same kind are not told one by one")


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
