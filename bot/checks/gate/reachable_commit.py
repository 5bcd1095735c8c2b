"""The condition reachable-commit: what is released was merged."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.gate.condition import Look, Waiting
from bot.checks.gate.gate_condition import Condition, refusal
from bot.checks.rule import Stricter
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Unseen
from bot.settings import Read


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachableCommit(Condition):
    """A released commit is on the default branch, or on one that is named for that.

    A tag can stand on any commit, one that nobody reviewed among them.
    """

    name: ClassVar[RuleName] = RuleName("reachable-commit")
    reads: ClassVar[frozenset[Look | Read]] = frozenset({Look.RUN, Look.REACH})
    branches: tuple[str, ...] = field(
        default=(),
        metadata={
            "means": "Further branches, by name, from whose commits releases are made.",
            "stricter": Stricter.FEWER,
        },
    )

    def check(self, waiting: Waiting) -> Iterator[Finding | Unseen]:
        if isinstance(waiting.reached, Unseen):
            yield waiting.reached
        elif not waiting.reached.value & {waiting.default_branch, *self.branches}:
            nor = f", nor on {', '.join(self.branches)}" if self.branches else ""
            yield refusal(
                waiting,
                f"the commit {waiting.commit} is not on the default branch {waiting.default_branch}{nor}: nothing shows that it was reviewed",
                f"Merge it into {waiting.default_branch}, and release from there.",
            )
