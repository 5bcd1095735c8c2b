"""Detects tags on commits that are not on any branch."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.alerts.change_alert import SHORT_SHA_LENGTH, ChangeAlert, PushQuery, RepositoryChange
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Unknown, settings_location
from bot.settings import SettingsQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class StrayTag(ChangeAlert):
    """A tag was created on a commit that is on no branch.

    Nobody reviewed such a commit. GitHub shows it as part of the repository even if it comes from a fork.
    """

    name: ClassVar[RuleName] = RuleName("stray-tag")
    reads: ClassVar[frozenset[PushQuery | SettingsQuery]] = frozenset({PushQuery.BRANCHES_WITH_COMMIT})

    def applies(self, change: RepositoryChange) -> bool:
        return change.is_tag_push

    def judge(self, change: RepositoryChange) -> Iterator[Finding | Unknown]:
        push = change.push
        if isinstance(change.branches_with_commit, Unknown):
            yield change.branches_with_commit
        elif not change.branches_with_commit.value and push is not None:
            yield Finding(
                settings_location(f"releases/tag/{push.name}"),
                f"{push.pusher} put the tag {push.name} on {push.commit[:SHORT_SHA_LENGTH]}, which is on no branch",
                "Inspect the commit, and tag a merged commit instead. If none of your maintainers made the tag, delete it and revoke the pusher's tokens.",
            )
