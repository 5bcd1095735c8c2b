"""The condition reachable-commit: what is released was merged."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.findings import Finding, Unseen
from bot.gate.condition import Condition, refusal
from bot.gate.model import Look, Waiting
from bot.holdings import Read
from bot.names import RuleName
from bot.rule import Stricter


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachableCommit(Condition):
    """A released commit is on the default branch.

    A tag can stand on any commit, one that nobody reviewed among them.
    """

    name: ClassVar[RuleName] = RuleName("reachable-commit")
    reads: ClassVar[frozenset[Look | Read]] = frozenset({Look.RUN, Look.REACH, Look.REFS})
    branches: tuple[str, ...] = field(
        default=(),
        metadata={
            "means": "Further branches, by name, whose own runs may release.",
            "stricter": Stricter.FEWER,
        },
    )

    def check(self, waiting: Waiting) -> Iterator[Finding | Unseen]:
        if self._is_spared(waiting):
            return
        if isinstance(waiting.reached, Unseen):
            yield waiting.reached
        elif not waiting.reached.value:
            yield refusal(
                waiting,
                f"the commit {waiting.commit} is not on the default branch {waiting.default_branch}: nothing shows that it was reviewed",
                f"Merge it into {waiting.default_branch}, and release from there.",
            )

    def _is_spared(self, waiting: Waiting) -> bool:
        """Whether the run is for one of the further branches, and for no tag that only has its name."""
        refs = waiting.refs
        if waiting.run.ref not in self.branches or isinstance(refs, Unseen):
            return False
        return [str(ref) for ref in refs.value] == [f"branch {waiting.run.ref}"]
