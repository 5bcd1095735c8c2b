"""Detects pushed commits that are dated before their parent or in the future."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from bot.checks.alerts.change_alert import (
    OPEN_ISSUE_OPTION,
    SEVERITY_OPTION,
    ChangeAlert,
    PushedCommit,
    PushQuery,
    RepositoryChange,
)
from bot.checks.alerts.new_findings import MAX_FINDINGS
from bot.checks.check import StricterWhen
from bot.model.core_types import RuleName, Severity, Sha
from bot.model.findings import Finding, Unknown, settings_location
from bot.settings import SettingsQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class BackdatedCommit(ChangeAlert):
    """A commit is dated before its parent or in the future.

    The author chooses the date of a commit. An old date hides a new change at the end of every list.
    """

    name: ClassVar[RuleName] = RuleName("backdated-commit")
    reads: ClassVar[frozenset[PushQuery | SettingsQuery]] = frozenset({PushQuery.COMMITS})
    severity: Severity = field(default=Severity.MEDIUM, metadata=SEVERITY_OPTION)
    open_issue: bool = field(default=False, metadata=OPEN_ISSUE_OPTION)
    max_clock_skew: timedelta = field(
        default=timedelta(days=1),
        metadata={"means": "How far the clocks of two computers may differ.", "stricter": StricterWhen.LOWER},
    )

    def applies(self, change: RepositoryChange) -> bool:
        return change.is_branch_push

    def judge(self, change: RepositoryChange) -> Iterator[Finding | Unknown]:
        commits = change.commits
        if isinstance(commits, Unknown):
            yield commits
            return
        known = {commit.id: commit for commit in (*change.earlier_commits, *commits.value)}
        found = [(commit, wrong) for commit in commits.value if (wrong := self._impossible_date(commit, known, change))]
        for commit, wrong in found[:MAX_FINDINGS]:
            yield Finding(
                settings_location(f"commit/{commit.id}"),
                f"commit {commit.short} by {commit.author} is dated {commit.committed_at:%Y-%m-%d %H:%M} UTC, {wrong}",
                "Ask the author about the date. If nobody can explain it, revert the push and revoke the pusher's tokens.",
            )
        if len(found) > MAX_FINDINGS:
            yield Unknown(PushQuery.COMMITS.fact, f"{len(found) - MAX_FINDINGS} more of the same kind are not listed")

    def _impossible_date(
        self, commit: PushedCommit, known: dict[Sha, PushedCommit], change: RepositoryChange
    ) -> str | None:
        """Say why a commit's date cannot be true; None where it can."""
        if commit.committed_at - change.observed_at > self.max_clock_skew:
            return f"but it was pushed before {change.observed_at:%Y-%m-%d %H:%M} UTC"
        for parent in (known[each] for each in commit.parents if each in known):
            if parent.committed_at - commit.committed_at > self.max_clock_skew:
                return f"but its parent {parent.short} is dated {parent.committed_at:%Y-%m-%d %H:%M} UTC"
        return None
