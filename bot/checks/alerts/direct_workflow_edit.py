"""The signal direct-workflow-edit: the default branch's workflows changed without a pull request."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.alerts.change_alert import Change, Commit, Look, Sides
from bot.checks.alerts.new_findings import MOST
from bot.checks.alerts.signal import Signal
from bot.checks.rule import Stricter
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Place, Unseen, listed, settings_page
from bot.settings import Read
from bot.snapshot.repository_snapshot import WORKFLOW

_SHOWN = 3  # commits that are named


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectWorkflowEdit(Signal):
    """A workflow on the default branch was changed by a push, without a pull request.

    Nobody else has seen the change, and it already runs with all that the default branch's workflows may use.
    """

    name: ClassVar[RuleName] = RuleName("direct-workflow-edit")
    reads: ClassVar[frozenset[Look | Read]] = frozenset({Look.FILES, Look.COMMITS, Look.MERGED})
    accounts: tuple[str, ...] = field(
        default=(),
        metadata={
            "means": "Accounts that may change workflows so, such as acme-sync[bot].",
            "stricter": Stricter.FEWER,
        },
    )

    def applies(self, change: Change) -> bool:
        return change.on_default and change.push is not None and not change.push.created

    def check(self, change: Change) -> Iterator[Finding | Unseen]:
        files, commits = change.files, change.commits
        if isinstance(files, Unseen):
            yield files
            return
        changed = sorted(_workflows(files.value))
        push = change.push
        if not changed or push is None or push.pusher.lower() in {each.lower() for each in self.accounts}:
            return
        for fact in (commits, change.merged):
            if isinstance(fact, Unseen):
                yield fact
                return
        if isinstance(commits, Unseen) or isinstance(change.merged, Unseen):  # told above; said again for the types
            return
        alone = [commit for commit in commits.value if commit.id not in change.merged.value]
        if alone or not commits.value:
            yield from (_finding(path, push.pusher, alone, files.value) for path in changed[:MOST])


def _workflows(sides: Sides) -> Iterator[str]:
    """Yield the changed files that are workflows, or local actions that they use."""
    used = {action.path for side in (sides.before, sides.after) for action in side.actions.values()}
    yield from (path for path in sides.changed if WORKFLOW.fullmatch(path) or path in used)


def _finding(path: str, pusher: str, commits: list[Commit], sides: Sides) -> Finding:
    there = path in sides.after.workflows or any(action.path == path for action in sides.after.actions.values())
    was = "changed" if path in sides.before.workflows else "added"
    ids = listed(commit.short for commit in commits[:_SHOWN])
    more = f" and {len(commits) - _SHOWN} more" if len(commits) > _SHOWN else ""
    by = f" (commit {ids}{more})" if commits else ""
    return Finding(
        place=Place(path, 1, 1) if there else settings_page(path),
        message=f"{path} was {was if there else 'removed'} by a push of {pusher}{by} and no pull request",
        fix=f"Ask {pusher} whether they pushed it. If not, revert it, revoke their tokens and look at the runs since; then have a ruleset ask for a pull request.",
    )
