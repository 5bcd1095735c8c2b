"""The signal new-runner: a self-hosted runner was added to the repository."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.alerts.change_alert import Change, Look
from bot.checks.alerts.new_findings import MOST
from bot.checks.alerts.signal import Signal
from bot.checks.rule import Stricter
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Unseen, listed, settings_page
from bot.settings import Read, ref_matches


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRunner(Signal):
    """A self-hosted runner was added to the repository.

    Whoever owns the machine sees all that its jobs see, and worms register the machine they are on as a way back in.
    """

    name: ClassVar[RuleName] = RuleName("new-runner")
    reads: ClassVar[frozenset[Look | Read]] = frozenset({Read.RUNNERS})
    names: tuple[str, ...] = field(
        default=(),
        metadata={"means": "Runners that come and go, such as `ci-*`.", "stricter": Stricter.FEWER},
    )

    def applies(self, change: Change) -> bool:
        held = change.held  # read only of a repository that publishes, or keeps a registry's secret
        return held is not None and change.held_before is not None and held.runners != Read.RUNNERS.not_read

    def check(self, change: Change) -> Iterator[Finding | Unseen]:
        if change.held is None or change.held_before is None:
            return
        now, before = change.held.runners, change.held_before.runners
        if isinstance(now, Unseen):
            yield now
            return
        if isinstance(before, Unseen):  # the first look at them: what is there is what there was
            return
        known = {runner.name for runner in before.value}
        new = [
            runner
            for runner in now.value
            if runner.name not in known
            and not runner.ephemeral
            and not any(ref_matches(pattern, runner.name) for pattern in self.names)
        ]
        for runner in new[:MOST]:
            labels = f", with the labels {listed(runner.labels)}" if runner.labels else ""
            yield Finding(
                settings_page("settings/actions/runners"),
                f"the self-hosted runner {runner.name} was added{labels}",
                "If nobody of yours added it, remove it, cancel its jobs, and rotate the secrets of the repository.",
            )
