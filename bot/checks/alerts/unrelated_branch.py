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
    """A branch was pushed that has no history in common with the default branch.

    Nobody works on such a branch. It is a place to put a payload under the repository's good name, to be fetched by its commit's id.
    """

    name: ClassVar[RuleName] = RuleName("unrelated-branch")
    reads: ClassVar[frozenset[PushQuery | SettingsQuery]] = frozenset({PushQuery.COMMITS})
    allowed_branches: tuple[str, ...] = field(
        default=("gh-pages",),
        metadata={
            "means": "Patterns of branches that are made so, such as those of a site.",
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
                f"{push.pusher} pushed the branch {push.name} at {push.commit[:SHORT_SHA_LENGTH]}, which has no history in common with {change.default_branch}",
                "Look at what is in it. If nobody of yours made it, delete the branch, and revoke the pusher's tokens.",
            )
