"""The signal stray-tag: a tag names a commit that is on no branch."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.alerts.change_alert import SHORT, Change, Look
from bot.checks.alerts.signal import Signal
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Unseen, settings_page
from bot.settings import Read


@dataclass(frozen=True, slots=True, kw_only=True)
class StrayTag(Signal):
    """A tag was put on a commit that no branch has.

    Nobody reviewed what no branch has, and nobody sees it who looks at the code; GitHub shows it as a commit of the repository even
    where it comes from a fork.
    """

    name: ClassVar[RuleName] = RuleName("stray-tag")
    reads: ClassVar[frozenset[Look | Read]] = frozenset({Look.BRANCHES})

    def applies(self, change: Change) -> bool:
        return change.on_tag

    def check(self, change: Change) -> Iterator[Finding | Unseen]:
        push = change.push
        if isinstance(change.branches, Unseen):
            yield change.branches
        elif not change.branches.value and push is not None:
            yield Finding(
                settings_page(f"releases/tag/{push.name}"),
                f"{push.pusher} put the tag {push.name} on {push.commit[:SHORT]}, which is on no branch",
                "Look at the commit. Tag what was merged instead; if nobody of yours made it, delete the tag and revoke the pusher's tokens.",
            )
