"""The signal unrelated-branch: a branch has no history in common with the rest."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.alerts.change_alert import SHORT, Change, Look
from bot.checks.alerts.signal import Signal
from bot.checks.rule import Stricter
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Unseen, settings_page
from bot.settings import Read, ref_matches


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrelatedBranch(Signal):
    """A branch was pushed that has no history in common with the default branch.

    Nobody works on such a branch. It is a place to put a payload under the repository's good name, to be fetched by its commit's id.
    """

    name: ClassVar[RuleName] = RuleName("unrelated-branch")
    reads: ClassVar[frozenset[Look | Read]] = frozenset({Look.COMMITS})
    branches: tuple[str, ...] = field(
        default=("gh-pages",),
        metadata={
            "means": "Patterns of branches that are made so, such as those of a site.",
            "stricter": Stricter.FEWER,
        },
    )

    def applies(self, change: Change) -> bool:
        return change.on_branch and not change.on_default

    def check(self, change: Change) -> Iterator[Finding | Unseen]:
        push = change.push
        if push is None or any(ref_matches(pattern, push.name) for pattern in self.branches):
            return
        if isinstance(change.commits, Unseen):
            yield change.commits
        elif change.unrelated:
            yield Finding(
                settings_page(f"tree/{push.name}"),
                f"{push.pusher} pushed the branch {push.name} at {push.commit[:SHORT]}, which has no history in common with {change.default_branch}",
                "Look at what is in it. If nobody of yours made it, delete the branch, and revoke the pusher's tokens.",
            )
