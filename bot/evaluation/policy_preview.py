"""A preview: what would become of the repositories if another policy were in force, from the same snapshots by the same judge."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.evaluation.evaluate import Report
from bot.model.core_types import Conclusion, FullName, Mode, Outcome, RuleName


@dataclass(frozen=True, slots=True)
class Now:
    """What becomes of one rule, and what that does."""

    outcome: Outcome
    mode: Mode
    findings: int
    waived: int


@dataclass(frozen=True, slots=True)
class Change:
    """One rule in one repository; None where it is not in force."""

    rule: RuleName
    before: Now | None
    after: Now | None


@dataclass(frozen=True, slots=True)
class Difference:
    """What would change for one repository."""

    repository: FullName
    before: Conclusion
    after: Conclusion
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What would change for all that are known."""

    file: str  # the policy file that is proposed
    differences: tuple[Difference, ...]
    same: int  # repositories for which nothing would change
    hidden: tuple[Difference, ...] = ()  # of repositories that not everybody who sees the preview may know of
    unknown: int = 0  # repositories that no snapshot is kept of
    notes: tuple[str, ...] = ()  # what could not be decided or followed, and waivers in vain

    @property
    def changed(self) -> tuple[Difference, ...]:
        """All differences, named or not."""
        return (*self.differences, *self.hidden)

    @property
    def judged(self) -> int:
        """How many repositories it speaks of."""
        return self.same + len(self.changed)


def difference(before: Report, after: Report) -> Difference | None:
    """Compare two reports on the same snapshot; None where every rule comes out the same and does the same."""
    changes = tuple(_changes(before, after))
    if not changes:
        return None
    return Difference(before.snapshot.repository, before.conclusion, after.conclusion, changes)


def _changes(before: Report, after: Report) -> Iterator[Change]:
    old, new = _by_rule(before), _by_rule(after)
    for rule in dict.fromkeys((*old, *new)):
        was, will = old.get(rule), new.get(rule)
        if was != will and not _both_silent(was, will):
            yield Change(rule, was, will)


def _both_silent(was: Now | None, will: Now | None) -> bool:
    """Whether a rule says nothing here either way: it is not in force, or there is nothing that it is about."""
    silent = (None, Outcome.NOT_APPLICABLE)
    return (was and was.outcome) in silent and (will and will.outcome) in silent


def _by_rule(report: Report) -> dict[RuleName, Now]:
    return {
        result.rule.name: Now(result.outcome, result.rule.mode, len(result.findings), len(result.waived))
        for result in report.results
    }
