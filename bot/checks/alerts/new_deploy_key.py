"""The signal new-deploy-key: a deploy key that can push was added."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.alerts.change_alert import Change, Look
from bot.checks.alerts.new_findings import MOST
from bot.checks.alerts.signal import Signal
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Unseen, settings_page
from bot.settings import Read


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDeployKey(Signal):
    """A deploy key that can push was added to the repository.

    It belongs to nobody, outlives whoever made it, and can push code and tags from which releases are made.
    """

    name: ClassVar[RuleName] = RuleName("new-deploy-key")
    reads: ClassVar[frozenset[Look | Read]] = frozenset({Read.DEPLOY_KEYS})

    def applies(self, change: Change) -> bool:
        held = change.held  # read only of a repository that publishes, or keeps a registry's secret
        return held is not None and change.held_before is not None and held.deploy_keys != Read.DEPLOY_KEYS.not_read

    def check(self, change: Change) -> Iterator[Finding | Unseen]:
        if change.held is None or change.held_before is None:
            return
        now, before = change.held.deploy_keys, change.held_before.deploy_keys
        if isinstance(now, Unseen):
            yield now
            return
        if isinstance(before, Unseen):  # the first look at them: what is there is what there was
            return
        known = {key.id for key in before.value}
        for key in [key for key in now.value if key.id not in known and not key.read_only][:MOST]:
            by = f" by {key.added_by}" if key.added_by else ""
            yield Finding(
                settings_page("settings/keys"),
                f"the deploy key {key.title}, which can push, was added{by}",
                "If nobody of yours added it, delete it and look at what it pushed; else make it read-only, or use an App.",
            )
