"""Decides whether enough time has passed since the previous release."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from bot.checks.check import StricterWhen
from bot.checks.gate.condition import DeploymentQuery, GateCondition, PendingDeployment, deployment_finding
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Unknown
from bot.settings import SettingsQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseInterval(GateCondition):
    """Enough time has passed since the last release.

    A burst of releases is a sign of a worm, and repeats a mistake before anyone notices it.
    """

    name: ClassVar[RuleName] = RuleName("release-interval")
    reads: ClassVar[frozenset[DeploymentQuery | SettingsQuery]] = frozenset(
        {DeploymentQuery.RUN, DeploymentQuery.CLOCK, DeploymentQuery.PREVIOUS_RELEASE}
    )
    min_interval: timedelta = field(
        default=timedelta(),
        metadata={
            "means": "The minimum time between two releases from one environment; nothing is required without it.",
            "stricter": StricterWhen.HIGHER,
        },
    )

    @property
    def is_configured(self) -> bool:
        return bool(self.min_interval)

    def judge(self, deployment: PendingDeployment) -> Iterator[Finding | Unknown]:
        now, previous = deployment.now, deployment.previous_release_at
        if isinstance(now, Unknown):
            yield now
        elif isinstance(previous, Unknown):
            yield previous
        elif previous.value is not None and now.value - previous.value < self.min_interval:
            free = previous.value + self.min_interval
            yield deployment_finding(
                deployment,
                f"the last release from {deployment.environment} was on {previous.value:%Y-%m-%d at %H:%M} UTC, so the next one is allowed from {free:%Y-%m-%d at %H:%M} UTC",
                "Run the workflow again after that time.",
            )
