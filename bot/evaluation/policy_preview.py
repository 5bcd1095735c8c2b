"""Compares the reports of repositories under the current policy and a proposed policy."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.evaluation.evaluate import Report
from bot.model.core_types import Conclusion, FullName, Mode, Outcome, RuleName


@dataclass(frozen=True, slots=True)
class RuleState:
    """What becomes of one rule, and what that does."""

    outcome: Outcome
    mode: Mode
    findings: int
    waived: int


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One rule in one repository; None where it is not in force."""

    rule: RuleName
    before: RuleState | None
    after: RuleState | None


@dataclass(frozen=True, slots=True)
class RepositoryDifference:
    """What would change for one repository."""

    repository: FullName
    before: Conclusion
    after: Conclusion
    changes: tuple[RuleChange, ...]


@dataclass(frozen=True, slots=True)
class PolicyPreview:
    """What would change for all that are known."""

    file: str  # the policy file that is proposed
    differences: tuple[RepositoryDifference, ...]
    unchanged: int  # repositories for which nothing would change
    hidden_differences: tuple[
        RepositoryDifference, ...
    ] = ()  # of repositories that not everybody who sees the preview may know of
    not_evaluated: int = 0  # repositories that no snapshot is kept of
    notes: tuple[str, ...] = ()  # what could not be decided or followed, and waivers in vain

    @property
    def changed(self) -> tuple[RepositoryDifference, ...]:
        """All differences, named or not."""
        return (*self.differences, *self.hidden_differences)

    @property
    def evaluated(self) -> int:
        """How many repositories it speaks of."""
        return self.unchanged + len(self.changed)


def compare_reports(before: Report, after: Report) -> RepositoryDifference | None:
    """Compare two reports on the same snapshot; None where every rule comes out the same and does the same."""
    changes = tuple(_rule_changes(before, after))
    if not changes:
        return None
    return RepositoryDifference(before.snapshot.repository, before.conclusion, after.conclusion, changes)


def _rule_changes(before: Report, after: Report) -> Iterator[RuleChange]:
    old, new = _states_by_rule(before), _states_by_rule(after)
    for rule in dict.fromkeys((*old, *new)):
        was, will = old.get(rule), new.get(rule)
        if was != will and not _both_inactive(was, will):
            yield RuleChange(rule, was, will)


def _both_inactive(before: RuleState | None, after: RuleState | None) -> bool:
    """Whether a rule says nothing here either way: it is not in force, or there is nothing that it is about."""
    silent = (None, Outcome.NOT_APPLICABLE)
    return (before and before.outcome) in silent and (after and after.outcome) in silent


def _states_by_rule(report: Report) -> dict[RuleName, RuleState]:
    return {
        result.rule.name: RuleState(result.outcome, result.rule.mode, len(result.findings), len(result.waived))
        for result in report.results
    }
