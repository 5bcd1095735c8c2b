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
    """Between two releases lies the time that the policy asks for.

    A burst of releases is how worms spread, and how a mistake is repeated before anybody sees it.
    """

    name: ClassVar[RuleName] = RuleName("release-interval")
    reads: ClassVar[frozenset[DeploymentQuery | SettingsQuery]] = frozenset(
        {DeploymentQuery.RUN, DeploymentQuery.CLOCK, DeploymentQuery.PREVIOUS_RELEASE}
    )
    min_interval: timedelta = field(
        default=timedelta(),
        metadata={
            "means": "The time between two releases from one environment; none is asked for if it is left out.",
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
                f"the last release from {deployment.environment} was on {previous.value:%Y-%m-%d at %H:%M} UTC; the next may leave on {free:%Y-%m-%d at %H:%M} UTC",
                "Wait until then, and run the workflow again.",
            )
