"""Detects unsigned commits in the name of a bot or person who did not push them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.alerts.change_alert import ChangeAlert, PushedCommit, PushQuery, RepositoryChange
from bot.checks.alerts.new_findings import MAX_FINDINGS
from bot.checks.check import StricterWhen
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Unknown, settings_location
from bot.settings import SettingsQuery

_BOT_SUFFIX = "[bot]"


@dataclass(frozen=True, slots=True, kw_only=True)
class PushedForAnother(ChangeAlert):
    """An unsigned commit names a bot that did not push it.

    Anyone can write any name into a commit. GitHub signs the commits of Dependabot, and Dependabot pushes them.
    """

    name: ClassVar[RuleName] = RuleName("pushed-for-another")
    reads: ClassVar[frozenset[PushQuery | SettingsQuery]] = frozenset({PushQuery.COMMITS, PushQuery.MERGED_COMMITS})
    include_people: bool = field(
        default=False,
        metadata={
            "means": "Whether commits in a person's name count too if neither author nor committer pushed them.",
            "stricter": StricterWhen.HIGHER,
        },
    )

    def applies(self, change: RepositoryChange) -> bool:
        return change.is_branch_push

    def judge(self, change: RepositoryChange) -> Iterator[Finding | Unknown]:
        commits, push = change.commits, change.push
        if isinstance(commits, Unknown):
            yield commits
            return
        found = [commit for commit in commits.value if push is not None and self._is_impersonated(commit, push.pusher)]
        if not found or push is None:
            return
        if isinstance(change.merged_commits, Unknown):
            yield change.merged_commits
            return
        alone = [commit for commit in found if commit.id not in change.merged_commits.value]
        for commit in alone[:MAX_FINDINGS]:
            yield Finding(
                settings_location(f"commit/{commit.id}"),
                f"{push.pusher} pushed the unsigned commit {commit.short}, which names {commit.author} as its author",
                f"Ask {push.pusher} whether they pushed it. If not, revoke their tokens and delete the commit.",
            )
        if len(alone) > MAX_FINDINGS:
            yield Unknown(PushQuery.COMMITS.fact, f"{len(alone) - MAX_FINDINGS} more of the same kind are not listed")

    def _is_impersonated(self, commit: PushedCommit, pusher: str) -> bool:
        if commit.verified or _is_same_account(commit.author, pusher):
            return False
        if commit.author.lower().endswith(_BOT_SUFFIX):
            return True
        return self.include_people and not _is_same_account(commit.committer, pusher)


def _is_same_account(one: str, other: str) -> bool:
    """Whether two names are one account's: an App's commits may leave out its `[bot]`."""
    return one.lower().removesuffix(_BOT_SUFFIX) == other.lower().removesuffix(_BOT_SUFFIX)
