"""The condition release-freeze: nothing leaves while nobody is there to look after it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import ClassVar

from bot.checks.gate.condition import Look, Waiting
from bot.checks.gate.gate_condition import Condition, refusal
from bot.checks.rule import Stricter
from bot.model.core_types import DayRange, RuleName
from bot.model.findings import Finding, Unseen
from bot.settings import Read


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
class NoFreeze(Condition):
    """No release leaves on days on which releases rest.

    Attackers like nights, weekends and holidays: nobody is there to notice. Days are UTC's, by GitHub's clock.
    """

    name: ClassVar[RuleName] = RuleName("release-freeze")
    reads: ClassVar[frozenset[Look | Read]] = frozenset({Look.RUN, Look.CLOCK})
    days: tuple[DayRange, ...] = field(
        default=(),
        metadata={"means": "First and last day of each rest: 2026-12-20/2027-01-03.", "stricter": Stricter.MORE},
    )
    weekdays: tuple[Weekday, ...] = field(
        default=(), metadata={"means": "Days of every week on which releases rest.", "stricter": Stricter.MORE}
    )

    def applies(self, waiting: Waiting) -> bool:
        del waiting
        return bool(self.days or self.weekdays)

    def check(self, waiting: Waiting) -> Iterator[Finding | Unseen]:
        if isinstance(waiting.now, Unseen):
            yield waiting.now
            return
        today = waiting.now.value.date()
        weekday = list(Weekday)[today.weekday()]
        if weekday in self.weekdays:
            yield _resting(waiting, f"it is {weekday.title()}, a day on which releases rest")
        for written in self.days:
            try:
                first, last = map(date.fromisoformat, written.split("/"))
            except ValueError:
                yield Unseen("a rest of releases in the policy", f"{written[:40]} is not two days of the calendar")
                continue
            if last < first:  # no day is in it: whoever wrote it meant another one
                yield Unseen("a rest of releases in the policy", f"{written} ends before it begins")
            elif first <= today <= last:
                yield _resting(waiting, f"releases rest from {first} to {last}")


def _resting(waiting: Waiting, message: str) -> Finding:
    return refusal(
        waiting, message, "Release afterwards; what cannot wait needs a waiver in the policy, reviewed and dated."
    )
