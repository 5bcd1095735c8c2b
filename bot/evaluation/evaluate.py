"""Evaluates the rules of a policy for a snapshot of a repository and returns the report."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.checks.check import Rule, outcome_of, run_check
from bot.model.core_types import Conclusion, Outcome, RuleName, conclusion_of
from bot.model.findings import Finding, Known, Unknown
from bot.policy import Policy, Waiver, WaiverStatus
from bot.policy.apply_waivers import WaiverMatch, apply_waivers
from bot.snapshot.repository_snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What became of one rule; a broken rule keeps the findings it made before."""

    rule: Rule
    outcome: Outcome
    findings: tuple[Finding, ...] = ()  # those that stand; what is waived is not among them
    unknown: tuple[Unknown, ...] = ()
    error: str | None = None  # of a broken rule: the kind of error and where in our code, never its text
    waived: tuple[WaiverMatch, ...] = ()
    ineffective_waivers: tuple[
        WaiverMatch, ...
    ] = ()  # findings that stand although a waiver covers them: it ended, say


@dataclass(frozen=True, slots=True)
class Report:
    """The one result tree: a snapshot, the policy it was judged by, and what became of each rule, in the policy's order."""

    snapshot: Snapshot
    policy: Policy
    results: tuple[RuleResult, ...]

    @property
    def outcomes(self) -> Mapping[RuleName, Outcome]:
        """What became of each rule that is in force, by name."""
        return {result.rule.name: result.outcome for result in self.results}

    @property
    def expiring_waivers(self) -> tuple[WaiverMatch, ...]:
        """What is waived for only a few more days, and then fails again."""
        return tuple(each for result in self.results for each in result.waived if each.status is WaiverStatus.EXPIRING)

    @property
    def unused_waivers(self) -> tuple[Waiver, ...]:
        """The policy's waivers that cover nothing, though their rule was judged whole: they can be taken out."""
        judged = {
            result.rule.name: {each.waiver for each in (*result.waived, *result.ineffective_waivers)}
            for result in self.results
            if result.outcome not in (Outcome.UNKNOWN, Outcome.ERROR)
        }
        return tuple(waiver for waiver in self.policy.waivers if waiver not in judged.get(waiver.rule, {waiver}))

    @property
    def conclusion(self) -> Conclusion:
        """What the check run says: the worst of what each rule's mode asks for (docs/decisions.md)."""
        said = {_conclusion_of(result) for result in self.results}
        worst = (Conclusion.FAILURE, Conclusion.ACTION_REQUIRED, Conclusion.NEUTRAL, Conclusion.SUCCESS)
        return next((conclusion for conclusion in worst if conclusion in said), Conclusion.NEUTRAL)


def evaluate_repository(snapshot: Snapshot, policy: Policy) -> Report:
    """Judge a snapshot by a policy. Pure; a rule that raises is `broken` and does not take the others with it."""
    whole = replace(snapshot, declared_identities=policy.identities)
    return Report(whole, policy, tuple(_evaluate_rule(rule, whole, policy) for rule in policy.rules))


def _evaluate_rule(rule: Rule, snapshot: Snapshot, policy: Policy) -> RuleResult:
    said = run_check(rule, snapshot)
    found = apply_waivers(rule.name, said.findings, snapshot, policy)
    # What could not be read may hold what this rule looks for.
    unread = (Unknown(fact=file.file, reason=file.reason) for file in snapshot.unreadable)
    said = replace(
        said,
        findings=found.remaining,
        unknown=tuple(dict.fromkeys((*unread, *said.unknown))),
        error=said.error or snapshot.error,
    )
    outcome = outcome_of(said, found.waived)
    return RuleResult(rule, outcome, said.findings, said.unknown, said.error, found.waived, found.ineffective_waivers)


def _conclusion_of(result: RuleResult) -> Conclusion | None:
    approved = all(isinstance(each.waiver.approval, Known) for each in result.waived)
    return conclusion_of(result.outcome, result.rule.mode, waivers_approved=approved)
