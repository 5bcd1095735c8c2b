"""The signal pushed-for-another: a commit says that it is somebody's who neither signed nor pushed it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.alerts.change_alert import Change, Commit, Look
from bot.checks.alerts.new_findings import MOST
from bot.checks.alerts.signal import Signal
from bot.checks.rule import Stricter
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Unseen, settings_page
from bot.settings import Read

_BOT = "[bot]"


@dataclass(frozen=True, slots=True, kw_only=True)
class PushedForAnother(Signal):
    """A commit bears a bot's name, has no valid signature, and somebody else pushed it.

    Anybody can write any name into a commit. Dependabot's own commits are signed by GitHub and pushed by Dependabot; one that is not
    is meant to be waved through.
    """

    name: ClassVar[RuleName] = RuleName("pushed-for-another")
    reads: ClassVar[frozenset[Look | Read]] = frozenset({Look.COMMITS, Look.MERGED})
    people: bool = field(
        default=False,
        metadata={
            "means": "Whether commits in a person's name count too, where neither author nor committer pushed them.",
            "stricter": Stricter.HIGHER,
        },
    )

    def applies(self, change: Change) -> bool:
        return change.on_branch

    def check(self, change: Change) -> Iterator[Finding | Unseen]:
        commits, push = change.commits, change.push
        if isinstance(commits, Unseen):
            yield commits
            return
        found = [commit for commit in commits.value if push is not None and self._is_anothers(commit, push.pusher)]
        if not found or push is None:
            return
        if isinstance(change.merged, Unseen):
            yield change.merged
            return
        alone = [commit for commit in found if commit.id not in change.merged.value]
        for commit in alone[:MOST]:
            yield Finding(
                settings_page(f"commit/{commit.id}"),
                f"commit {commit.short} says that {commit.author} made it; it is not signed, and {push.pusher} pushed it",
                f"Ask {push.pusher} whether they pushed it. If not, revoke their tokens and delete what was pushed.",
            )
        if len(alone) > MOST:
            yield Unseen(Look.COMMITS.what, f"{len(alone) - MOST} more of the same kind are not told one by one")

    def _is_anothers(self, commit: Commit, pusher: str) -> bool:
        if commit.verified or _same(commit.author, pusher):
            return False
        if commit.author.lower().endswith(_BOT):
            return True
        return self.people and not _same(commit.committer, pusher)


def _same(one: str, other: str) -> bool:
    """Whether two names are one account's: an App's commits may leave out its `[bot]`."""
    return one.lower().removesuffix(_BOT) == other.lower().removesuffix(_BOT)
