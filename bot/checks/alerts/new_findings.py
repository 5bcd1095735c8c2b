"""Compares a repository before and after a change to report only the findings that are new."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.checks.alerts.change_alert import PushQuery, RepositoryChange, SnapshotComparison
from bot.model.findings import Finding, Unknown
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import Workflow

MAX_FINDINGS = 20  # findings of one alert in one change; a hostile push is not a reason to write a book
_MAX_PAIRS = 400  # of a workflow that went and one that came, which are compared


@dataclass(frozen=True, slots=True)
class KeyedFinding:
    """Something at a place; `key` says what it is, so that a line that moved, or a renamed file, is the same thing."""

    key: tuple[str, ...]
    result: Finding | Unknown
    workflow_path: str = ""  # the path of the workflow that it is tied to: in another one it is another thing


def new_findings(
    change: RepositoryChange, find: Callable[[Snapshot, frozenset[str]], Iterable[KeyedFinding]]
) -> Iterator[Finding | Unknown]:
    """Yield what `look` finds in the changed files, unless it was anywhere in the files before.

    `look` is given a snapshot and the paths that are to be looked into.
    """
    files = change.files
    if isinstance(files, Unknown):
        yield files
        return
    sides = files.value
    yield from unreadable_files(sides.after, sides.changed_paths)
    found: dict[tuple[str, ...], KeyedFinding] = {}
    was = renamed_workflows(sides)
    for sight in find(sides.after, sides.changed_paths):
        found.setdefault((was.get(sight.workflow_path, sight.workflow_path), *sight.key), sight)
    if not found:
        return
    known = {(sight.workflow_path, *sight.key) for sight in find(sides.before, snapshot_paths(sides.before))}
    new = [sight.result for key, sight in found.items() if key not in known]
    yield from new[:MAX_FINDINGS]
    if len(new) > MAX_FINDINGS:
        yield Unknown(PushQuery.FILES.fact, f"{len(new) - MAX_FINDINGS} more of the same kind are not listed")


def renamed_workflows(comparison: SnapshotComparison) -> Mapping[str, str]:
    """Return which path a workflow had before, for each that has another name now and still half of its lines."""
    before, after = comparison.before.workflows, comparison.after.workflows
    gone, come = sorted(before.keys() - after.keys()), sorted(after.keys() - before.keys())
    if len(gone) * len(come) > _MAX_PAIRS:
        return {}
    alike = ((_shared_line_ratio(before[old], after[new]), old, new) for new in come for old in gone)
    was: dict[str, str] = {}
    for _, old, new in sorted((each for each in alike if each[0] * 2 >= 1), reverse=True):
        if new not in was and old not in was.values():
            was[new] = old
    return was


def _shared_line_ratio(one: Workflow, other: Workflow) -> float:
    """Return which part of the longer one's lines both have, from 0 to 1; how far they are indented does not count."""
    lines, others = (Counter(filter(None, map(str.strip, each.lines))) for each in (one, other))
    return (lines & others).total() / max(lines.total(), others.total(), 1)


def unreadable_files(after: Snapshot, changed: Iterable[str]) -> Iterator[Unknown]:
    """Yield the changed files that could not be read: what hides in them nobody knows."""
    known = set(changed)
    for file in after.unreadable:
        if file.file in known:
            yield Unknown(file.file, file.reason)


def snapshot_paths(snapshot: Snapshot) -> frozenset[str]:
    """Return all paths that a snapshot was made of."""
    actions = (action.path for action in snapshot.actions.values())
    return frozenset((*snapshot.workflows, *actions, *snapshot.followed_files))
