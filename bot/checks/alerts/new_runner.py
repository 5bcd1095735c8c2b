"""Detects self-hosted runners that were added to the repository."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.alerts.change_alert import ChangeAlert, PushQuery, RepositoryChange
from bot.checks.alerts.new_findings import MAX_FINDINGS
from bot.checks.check import StricterWhen
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Unknown, join_names, settings_location
from bot.settings import SettingsQuery, ref_matches


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRunner(ChangeAlert):
    """A self-hosted runner was added to the repository.

    The owner of the machine can see everything that its jobs see. Worms register infected machines as runners.
    """

    name: ClassVar[RuleName] = RuleName("new-runner")
    reads: ClassVar[frozenset[PushQuery | SettingsQuery]] = frozenset({SettingsQuery.RUNNERS})
    expected_runners: tuple[str, ...] = field(
        default=(),
        metadata={"means": "Patterns of runners that come and go, such as `ci-*`.", "stricter": StricterWhen.FEWER},
    )

    def applies(self, change: RepositoryChange) -> bool:
        held = change.settings  # read only of a repository that publishes, or keeps a registry's secret
        return (
            held is not None and change.settings_before is not None and held.runners != SettingsQuery.RUNNERS.not_read
        )

    def judge(self, change: RepositoryChange) -> Iterator[Finding | Unknown]:
        if change.settings is None or change.settings_before is None:
            return
        now, before = change.settings.runners, change.settings_before.runners
        if isinstance(now, Unknown):
            yield now
            return
        if isinstance(before, Unknown):  # the first look at them: what is there is what there was
            return
        known = {runner.name for runner in before.value}
        new = [
            runner
            for runner in now.value
            if runner.name not in known
            and not runner.ephemeral
            and not any(ref_matches(pattern, runner.name) for pattern in self.expected_runners)
        ]
        for runner in new[:MAX_FINDINGS]:
            labels = f", with the labels {join_names(runner.labels)}" if runner.labels else ""
            yield Finding(
                settings_location("settings/actions/runners"),
                f"the self-hosted runner {runner.name} was added{labels}",
                "If none of your maintainers added it, remove the runner, cancel its jobs and rotate the repository's secrets.",
            )
