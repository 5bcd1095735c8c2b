"""Detects new deploy keys with write access."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.alerts.change_alert import ChangeAlert, PushQuery, RepositoryChange
from bot.checks.alerts.new_findings import MAX_FINDINGS
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Unknown, settings_location
from bot.settings import SettingsQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDeployKey(ChangeAlert):
    """A deploy key with write access was added to the repository.

    A deploy key has no owner, outlives its creator, and can push the code and tags of releases.
    """

    name: ClassVar[RuleName] = RuleName("new-deploy-key")
    reads: ClassVar[frozenset[PushQuery | SettingsQuery]] = frozenset({SettingsQuery.DEPLOY_KEYS})

    def applies(self, change: RepositoryChange) -> bool:
        held = change.settings  # read only of a repository that publishes, or keeps a registry's secret
        return (
            held is not None
            and change.settings_before is not None
            and held.deploy_keys != SettingsQuery.DEPLOY_KEYS.not_read
        )

    def judge(self, change: RepositoryChange) -> Iterator[Finding | Unknown]:
        if change.settings is None or change.settings_before is None:
            return
        now, before = change.settings.deploy_keys, change.settings_before.deploy_keys
        if isinstance(now, Unknown):
            yield now
            return
        if isinstance(before, Unknown):  # the first look at them: what is there is what there was
            return
        known = {key.id for key in before.value}
        for key in [key for key in now.value if key.id not in known and not key.read_only][:MAX_FINDINGS]:
            by = f" by {key.added_by}" if key.added_by else ""
            yield Finding(
                settings_location("settings/keys"),
                f"the deploy key {key.title} with write access was added{by}",
                "If none of your maintainers added it, delete the key and inspect what it pushed. Otherwise make it read-only, or use a GitHub App.",
            )
