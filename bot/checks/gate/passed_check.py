"""The condition passed-check: the released commit was judged, and is not failed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.gate.condition import Look, Waiting
from bot.checks.gate.gate_condition import Condition, refusal
from bot.checks.rule import Stricter
from bot.model.core_types import Conclusion, RuleName
from bot.model.findings import Finding, Unseen
from bot.settings import Read


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedCheck(Condition):
    """A released commit's check run "publishing" is not failed.

    Where rules are enforced, what they stop at a pull request they stop at the release too.
    """

    name: ClassVar[RuleName] = RuleName("passed-check")
    reads: ClassVar[frozenset[Look | Read]] = frozenset({Look.RUN, Look.CHECK})
    green: bool = field(
        default=False,
        metadata={"means": "Whether the check has to be green, and grey is not enough.", "stricter": Stricter.HIGHER},
    )

    def check(self, waiting: Waiting) -> Iterator[Finding | Unseen]:
        fact = waiting.check
        if isinstance(fact, Unseen):
            yield fact
            return
        allowed = {Conclusion.SUCCESS} if self.green else {Conclusion.SUCCESS, Conclusion.NEUTRAL}
        if fact.value not in allowed:
            yield refusal(
                waiting,
                f'the check run "publishing" of {waiting.commit} says {fact.value.replace("_", " ")}',
                "Do what the check run says, and release the commit that mends it.",
            )
