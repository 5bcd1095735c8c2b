"""Detects branches that share no history with the default branch."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.alerts.change_alert import SHORT_SHA_LENGTH, ChangeAlert, PushQuery, RepositoryChange
from bot.checks.check import StricterWhen
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Unknown, settings_location
from bot.settings import SettingsQuery, ref_matches


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrelatedBranch(ChangeAlert):
    """A pushed branch shares no history with the default branch.

    Attackers store payloads on such a branch, under the good name of the repository.
    """

    name: ClassVar[RuleName] = RuleName("unrelated-branch")
    reads: ClassVar[frozenset[PushQuery | SettingsQuery]] = frozenset({PushQuery.COMMITS})
    allowed_branches: tuple[str, ...] = field(
        default=("gh-pages",),
        metadata={
            "means": "Patterns of branches that may have no common history, such as those of a website.",
            "stricter": StricterWhen.FEWER,
        },
    )

    def applies(self, change: RepositoryChange) -> bool:
        return change.is_branch_push and not change.is_default_branch_push

    def judge(self, change: RepositoryChange) -> Iterator[Finding | Unknown]:
        push = change.push
        if push is None or any(ref_matches(pattern, push.name) for pattern in self.allowed_branches):
            return
        if isinstance(change.commits, Unknown):
            yield change.commits
        elif change.has_unrelated_history:
            yield Finding(
                settings_location(f"tree/{push.name}"),
                f"{push.pusher} pushed the branch {push.name} at {push.commit[:SHORT_SHA_LENGTH]}, which shares no history with {change.default_branch}",
                "Inspect the branch. If none of your maintainers made it, delete it and revoke the pusher's tokens.",
            )
