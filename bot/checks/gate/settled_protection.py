"""Decides whether the protection of the environment was left alone for long enough."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from bot.checks.check import StricterWhen
from bot.checks.gate.condition import DeploymentQuery, GateCondition, PendingDeployment
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Unknown, join_names
from bot.settings import SettingsQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledProtection(GateCondition):
    """The protection of the environment was not weakened recently.

    Anyone who can change the settings can add a reviewer of their own or remove a rule, release, and restore it.
    """

    name: ClassVar[RuleName] = RuleName("settled-protection")
    reads: ClassVar[frozenset[DeploymentQuery | SettingsQuery]] = frozenset(
        {DeploymentQuery.RUN, DeploymentQuery.CLOCK, DeploymentQuery.PROTECTION}
    )
    min_age: timedelta = field(
        default=timedelta(days=1),
        metadata={
            "means": "How long releases wait after a weaker protection was first seen.",
            "stricter": StricterWhen.HIGHER,
        },
    )

    @property
    def is_configured(self) -> bool:
        return bool(self.min_age)

    def judge(self, deployment: PendingDeployment) -> Iterator[Finding | Unknown]:
        now, change = deployment.now, deployment.protection_change
        if isinstance(now, Unknown):
            yield now
        elif isinstance(change, Unknown):
            yield change
        elif change.value is not None and now.value - change.value.seen_at < self.min_age:
            until = change.value.seen_at + self.min_age
            # It may be right, so the release waits and is not rejected.
            yield Unknown(
                f"whether the environment {deployment.environment} is meant to be protected like this",
                f"it {join_names(change.value.losses)} since {change.value.seen_at:%Y-%m-%d %H:%M} UTC; the release waits until "
                f"{until:%Y-%m-%d %H:%M} UTC, unless `wharfinger confirm {deployment.repository} {deployment.environment}` on the host confirms the change",
            )
