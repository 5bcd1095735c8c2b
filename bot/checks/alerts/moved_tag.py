"""The signal moved-tag: a tag names another commit than it did."""

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
class MovedTag(Signal):
    """A tag was moved to another commit.

    A tag is what others install by. Who moves it changes what they get without a new version: of an action, of a module, of a release.
    """

    name: ClassVar[RuleName] = RuleName("moved-tag")
    reads: ClassVar[frozenset[Look | Read]] = frozenset({Look.TAG, Look.BRANCHES})
    floating: tuple[str, ...] = field(
        default=("latest", "nightly", "edge", "v[0-9]", "v[0-9][0-9]"),
        metadata={
            "means": "Tags that are moved on with each release; they may move to what comes after them on the default branch, nowhere else.",
            "stricter": Stricter.FEWER,
        },
    )
    branches: tuple[str, ...] = field(
        default=(),
        metadata={
            "means": "Branches beside the default one, such as `releases/*`, on which such tags may move too.",
            "stricter": Stricter.FEWER,
        },
    )

    def applies(self, change: Change) -> bool:
        return change.on_tag

    def check(self, change: Change) -> Iterator[Finding | Unseen]:
        tag, push = change.tag, change.push
        if isinstance(tag, Unseen):
            yield tag
            return
        if tag.value is None or push is None:
            return
        aside = ""
        if tag.value.forward and any(ref_matches(pattern, push.name) for pattern in self.floating):
            if isinstance(change.branches, Unseen):
                yield change.branches
                return
            if self._merged(change.branches.value, change.default_branch):
                return
            aside = f" to a commit that {change.default_branch} does not have"
        how = (aside or " on") if tag.value.forward else " to a commit that does not come after it"
        yield Finding(
            settings_page(f"releases/tag/{push.name}"),
            f"{push.pusher} moved the tag {push.name}{how}: from {tag.value.was[:SHORT]} to {push.commit[:SHORT]}",
            f"If it was not meant so, put it back on {tag.value.was[:SHORT]}, and have a ruleset forbid that tags are moved.",
        )

    def _merged(self, having: tuple[str, ...], default_branch: str) -> bool:
        """Whether one of the branches that have the commit is one on which tags may move."""
        return default_branch in having or any(ref_matches(each, branch) for each in self.branches for branch in having)
