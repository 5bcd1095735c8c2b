"""Detects tags that were moved to a different commit."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.alerts.change_alert import SHORT_SHA_LENGTH, ChangeAlert, PushQuery, RepositoryChange
from bot.checks.check import StricterWhen
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Unknown, settings_location
from bot.settings import SettingsQuery, ref_matches


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedTag(ChangeAlert):
    """A tag was moved to another commit.

    Users install actions, modules and releases by tag, so a moved tag changes what they get.
    """

    name: ClassVar[RuleName] = RuleName("moved-tag")
    reads: ClassVar[frozenset[PushQuery | SettingsQuery]] = frozenset(
        {PushQuery.PREVIOUS_TAG_COMMIT, PushQuery.BRANCHES_WITH_COMMIT}
    )
    floating_tags: tuple[str, ...] = field(
        default=("latest", "nightly", "edge", "v[0-9]", "v[0-9][0-9]"),
        metadata={
            "means": "Patterns of tags that move with each release; they may move forward on the default branch only.",
            "stricter": StricterWhen.FEWER,
        },
    )
    allowed_branches: tuple[str, ...] = field(
        default=(),
        metadata={
            "means": "Further branches, such as `releases/*`, on which such tags may move.",
            "stricter": StricterWhen.FEWER,
        },
    )

    def applies(self, change: RepositoryChange) -> bool:
        return change.is_tag_push

    def judge(self, change: RepositoryChange) -> Iterator[Finding | Unknown]:
        tag, push = change.tag_move, change.push
        if isinstance(tag, Unknown):
            yield tag
            return
        if tag.value is None or push is None:
            return
        aside = ""
        if tag.value.fast_forward and any(ref_matches(pattern, push.name) for pattern in self.floating_tags):
            if isinstance(change.branches_with_commit, Unknown):
                yield change.branches_with_commit
                return
            if self._is_on_allowed_branch(change.branches_with_commit.value, change.default_branch):
                return
            aside = f" to a commit that is not on {change.default_branch}"
        how = (aside or " forward") if tag.value.fast_forward else " to an unrelated commit"
        yield Finding(
            settings_location(f"releases/tag/{push.name}"),
            f"{push.pusher} moved the tag {push.name}{how}, from {tag.value.previous_commit[:SHORT_SHA_LENGTH]} to {push.commit[:SHORT_SHA_LENGTH]}",
            f"If this was not intended, move the tag back to {tag.value.previous_commit[:SHORT_SHA_LENGTH]}. Add a tag ruleset that restricts updates.",
        )

    def _is_on_allowed_branch(self, branches_with_commit: tuple[str, ...], default_branch: str) -> bool:
        """Whether one of the branches that have the commit is one on which tags may move."""
        return default_branch in branches_with_commit or any(
            ref_matches(each, branch) for each in self.allowed_branches for branch in branches_with_commit
        )
