"""Detects workflow changes pushed to the default branch without a pull request."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.alerts.change_alert import ChangeAlert, PushedCommit, PushQuery, RepositoryChange, SnapshotComparison
from bot.checks.alerts.new_findings import MAX_FINDINGS
from bot.checks.check import StricterWhen
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Location, Unknown, join_names, settings_location
from bot.settings import SettingsQuery
from bot.snapshot.repository_snapshot import WORKFLOW_PATH

_MAX_NAMED_COMMITS = 3  # commits that are named


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectWorkflowEdit(ChangeAlert):
    """A push changed a workflow on the default branch without a pull request.

    Nobody has reviewed the change, and it already runs with the permissions of the default branch.
    """

    name: ClassVar[RuleName] = RuleName("direct-workflow-edit")
    reads: ClassVar[frozenset[PushQuery | SettingsQuery]] = frozenset(
        {PushQuery.FILES, PushQuery.COMMITS, PushQuery.MERGED_COMMITS}
    )
    allowed_accounts: tuple[str, ...] = field(
        default=(),
        metadata={
            "means": "Accounts that may push changes to workflows, such as `acme-sync[bot]`.",
            "stricter": StricterWhen.FEWER,
        },
    )

    def applies(self, change: RepositoryChange) -> bool:
        return change.is_default_branch_push and change.push is not None and not change.push.created

    def judge(self, change: RepositoryChange) -> Iterator[Finding | Unknown]:
        files, commits = change.files, change.commits
        if isinstance(files, Unknown):
            yield files
            return
        changed = sorted(_changed_workflows(files.value))
        push = change.push
        if not changed or push is None or push.pusher.lower() in {each.lower() for each in self.allowed_accounts}:
            return
        for fact in (commits, change.merged_commits):
            if isinstance(fact, Unknown):
                yield fact
                return
        if isinstance(commits, Unknown) or isinstance(
            change.merged_commits, Unknown
        ):  # told above; said again for the types
            return
        alone = [commit for commit in commits.value if commit.id not in change.merged_commits.value]
        if alone or not commits.value:
            yield from (_finding(path, push.pusher, alone, files.value) for path in changed[:MAX_FINDINGS])


def _changed_workflows(comparison: SnapshotComparison) -> Iterator[str]:
    """Yield the changed files that are workflows, or local actions that they use."""
    used = {action.path for side in (comparison.before, comparison.after) for action in side.actions.values()}
    yield from (path for path in comparison.changed_paths if WORKFLOW_PATH.fullmatch(path) or path in used)


def _finding(path: str, pusher: str, commits: list[PushedCommit], comparison: SnapshotComparison) -> Finding:
    there = path in comparison.after.workflows or any(
        action.path == path for action in comparison.after.actions.values()
    )
    was = "changed" if path in comparison.before.workflows else "added"
    ids = join_names(commit.short for commit in commits[:_MAX_NAMED_COMMITS])
    more = f" and {len(commits) - _MAX_NAMED_COMMITS} more" if len(commits) > _MAX_NAMED_COMMITS else ""
    by = f" (commit {ids}{more})" if commits else ""
    return Finding(
        location=Location(path, 1, 1) if there else settings_location(path),
        message=f"{pusher} {was if there else 'removed'} {path} by a push{by} without a pull request",
        fix=f"Ask {pusher} whether they pushed it. If not, revert the push, revoke their tokens and inspect the runs since then.",
    )
