"""The condition release-interval: releases keep a distance from each other."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from bot.checks.gate.condition import Look, Waiting
from bot.checks.gate.gate_condition import Condition, refusal
from bot.checks.rule import Stricter
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Unseen
from bot.settings import Read


@dataclass(frozen=True, slots=True, kw_only=True)
class CalmReleases(Condition):
    """Between two releases lies the time that the policy asks for.

    A burst of releases is how worms spread, and how a mistake is repeated before anybody sees it.
    """

    name: ClassVar[RuleName] = RuleName("release-interval")
    reads: ClassVar[frozenset[Look | Read]] = frozenset({Look.RUN, Look.CLOCK, Look.PREVIOUS})
    least: timedelta = field(
        default=timedelta(),
        metadata={
            "means": "The time between two releases from one environment; none is asked for if it is left out.",
            "stricter": Stricter.HIGHER,
        },
    )

    @property
    def asks(self) -> bool:
        return bool(self.least)

    def check(self, waiting: Waiting) -> Iterator[Finding | Unseen]:
        now, previous = waiting.now, waiting.previous
        if isinstance(now, Unseen):
            yield now
        elif isinstance(previous, Unseen):
            yield previous
        elif previous.value is not None and now.value - previous.value < self.least:
            free = previous.value + self.least
            yield refusal(
                waiting,
                f"the last release from {waiting.environment} was on {previous.value:%Y-%m-%d at %H:%M} UTC; the next may leave on {free:%Y-%m-%d at %H:%M} UTC",
                "Wait until then, and run the workflow again.",
            )
