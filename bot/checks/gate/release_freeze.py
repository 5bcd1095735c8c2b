"""Decides whether a release is outside the dates and weekdays on which the policy freezes releases."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import ClassVar

from bot.checks.check import StricterWhen
from bot.checks.gate.condition import DeploymentQuery, GateCondition, PendingDeployment, deployment_finding
from bot.model.core_types import DayRange, RuleName
from bot.model.findings import Finding, Unknown
from bot.settings import SettingsQuery


class Weekday(StrEnum):
    """A day of the week, in the order of date.weekday()."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseFreeze(GateCondition):
    """The release is not within a release freeze.

    Attackers prefer nights, weekends and holidays. Days are in UTC by GitHub's clock.
    """

    name: ClassVar[RuleName] = RuleName("release-freeze")
    reads: ClassVar[frozenset[DeploymentQuery | SettingsQuery]] = frozenset(
        {DeploymentQuery.RUN, DeploymentQuery.CLOCK}
    )
    days: tuple[DayRange, ...] = field(
        default=(),
        metadata={
            "means": "First and last day of each freeze, such as `2026-12-20/2027-01-03`.",
            "stricter": StricterWhen.MORE,
        },
    )
    weekdays: tuple[Weekday, ...] = field(
        default=(), metadata={"means": "Weekdays on which nothing may be released.", "stricter": StricterWhen.MORE}
    )

    def applies(self, deployment: PendingDeployment) -> bool:
        del deployment
        return bool(self.days or self.weekdays)

    def judge(self, deployment: PendingDeployment) -> Iterator[Finding | Unknown]:
        if isinstance(deployment.now, Unknown):
            yield deployment.now
            return
        today = deployment.now.value.date()
        weekday = list(Weekday)[today.weekday()]
        if weekday in self.weekdays:
            yield _freeze_finding(deployment, f"releases are frozen on {weekday.title()}s")
        for written in self.days:
            try:
                first, last = map(date.fromisoformat, written.split("/"))
            except ValueError:
                yield Unknown("a release freeze in the policy", f"{written[:40]} is not two days of the calendar")
                continue
            if last < first:  # no day is in it: whoever wrote it meant another one
                yield Unknown("a release freeze in the policy", f"{written} ends before it begins")
            elif first <= today <= last:
                yield _freeze_finding(deployment, f"releases are frozen from {first} to {last}")


def _freeze_finding(deployment: PendingDeployment, message: str) -> Finding:
    return deployment_finding(
        deployment,
        message,
        "Release after the freeze. An urgent release needs a reviewed waiver with an expiry date in the policy.",
    )
