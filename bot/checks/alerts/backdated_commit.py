"""The signal backdated-commit: a commit's date cannot be true."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from bot.checks.alerts.change_alert import Change, Commit, Look
from bot.checks.alerts.new_findings import MOST
from bot.checks.alerts.signal import ALARM, SEVERITY, Signal
from bot.checks.rule import Stricter
from bot.model.core_types import RuleName, Severity, Sha
from bot.model.findings import Finding, Unseen, settings_page
from bot.settings import Read


@dataclass(frozen=True, slots=True, kw_only=True)
class BackdatedCommit(Signal):
    """A commit says that it is older than the one it stands on, or younger than now.

    Its author chose the date. An old one hides a new change at the bottom of every list.
    """

    name: ClassVar[RuleName] = RuleName("backdated-commit")
    reads: ClassVar[frozenset[Look | Read]] = frozenset({Look.COMMITS})
    severity: Severity = field(default=Severity.MEDIUM, metadata=SEVERITY)
    alarm: bool = field(default=False, metadata=ALARM)
    most: timedelta = field(
        default=timedelta(days=1),
        metadata={"means": "How far the clocks of two machines may be apart.", "stricter": Stricter.LOWER},
    )

    def applies(self, change: Change) -> bool:
        return change.on_branch

    def check(self, change: Change) -> Iterator[Finding | Unseen]:
        commits = change.commits
        if isinstance(commits, Unseen):
            yield commits
            return
        known = {commit.id: commit for commit in (*change.stands_on, *commits.value)}
        found = [(commit, wrong) for commit in commits.value if (wrong := self._wrong(commit, known, change))]
        for commit, wrong in found[:MOST]:
            yield Finding(
                settings_page(f"commit/{commit.id}"),
                f"commit {commit.short} of {commit.author} says it is of {commit.committed_at:%Y-%m-%d %H:%M} UTC, {wrong}",
                "Ask its author; where nobody can say why, treat the push as a stranger's: revoke the pusher's tokens and revert it.",
            )
        if len(found) > MOST:
            yield Unseen(Look.COMMITS.what, f"{len(found) - MOST} more of the same kind are not told one by one")

    def _wrong(self, commit: Commit, known: dict[Sha, Commit], change: Change) -> str | None:
        """Say why a commit's date cannot be true; None where it can."""
        if commit.committed_at - change.taken_at > self.most:
            return f"and it was pushed before {change.taken_at:%Y-%m-%d %H:%M} UTC"
        for parent in (known[each] for each in commit.parents if each in known):
            if parent.committed_at - commit.committed_at > self.most:
                return f"and the commit {parent.short} that it stands on is of {parent.committed_at:%Y-%m-%d %H:%M} UTC"
        return None
