"""Judgement: a snapshot and a policy in, a report out; every other text is made from that report."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.checks.check import hear, outcome_of
from bot.checks.rule import Rule
from bot.model.core_types import Conclusion, Outcome, RuleName, concluded
from bot.model.findings import Finding, Seen, Unseen
from bot.policy import Policy, Standing, Waiver
from bot.policy.apply_waivers import Waived, sort_out
from bot.snapshot.repository_snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one rule; a broken rule keeps the findings it made before."""

    rule: Rule
    outcome: Outcome
    findings: tuple[Finding, ...] = ()  # those that stand; what is waived is not among them
    unseen: tuple[Unseen, ...] = ()
    fault: str | None = None  # of a broken rule: the kind of error and where in our code, never its text
    waived: tuple[Waived, ...] = ()
    lapsed: tuple[Waived, ...] = ()  # findings that stand although a waiver covers them: it ended, say


@dataclass(frozen=True, slots=True)
class Report:
    """The one result tree: a snapshot, the policy it was judged by, and what became of each rule, in the policy's order."""

    snapshot: Snapshot
    policy: Policy
    results: tuple[Result, ...]

    @property
    def outcomes(self) -> Mapping[RuleName, Outcome]:
        """What became of each rule that is in force, by name."""
        return {result.rule.name: result.outcome for result in self.results}

    @property
    def ending(self) -> tuple[Waived, ...]:
        """What is waived for only a few more days, and then fails again."""
        return tuple(each for result in self.results for each in result.waived if each.standing is Standing.ENDING)

    @property
    def idle_waivers(self) -> tuple[Waiver, ...]:
        """The policy's waivers that cover nothing, though their rule was judged whole: they can be taken out."""
        judged = {
            result.rule.name: {each.waiver for each in (*result.waived, *result.lapsed)}
            for result in self.results
            if result.outcome not in (Outcome.UNSEEN, Outcome.BROKEN)
        }
        return tuple(waiver for waiver in self.policy.waivers if waiver not in judged.get(waiver.rule, {waiver}))

    @property
    def conclusion(self) -> Conclusion:
        """What the check run says: the worst of what each rule's mode asks for (docs/decisions.md)."""
        said = {_asked(result) for result in self.results}
        worst = (Conclusion.FAILURE, Conclusion.ACTION_REQUIRED, Conclusion.NEUTRAL, Conclusion.SUCCESS)
        return next((conclusion for conclusion in worst if conclusion in said), Conclusion.NEUTRAL)


def evaluate(snapshot: Snapshot, policy: Policy) -> Report:
    """Judge a snapshot by a policy. Pure; a rule that raises is `broken` and does not take the others with it."""
    whole = replace(snapshot, declared=policy.identities)
    return Report(whole, policy, tuple(_judge(rule, whole, policy) for rule in policy.rules))


def _judge(rule: Rule, snapshot: Snapshot, policy: Policy) -> Result:
    said = hear(rule, snapshot)
    found = sort_out(rule.name, said.findings, snapshot, policy)
    # What could not be read may hold what this rule looks for.
    unread = (Unseen(what=file.file, reason=file.reason) for file in snapshot.unreadable)
    said = replace(
        said,
        findings=found.standing,
        unseen=tuple(dict.fromkeys((*unread, *said.unseen))),
        fault=said.fault or snapshot.fault,
    )
    outcome = outcome_of(said, found.waived)
    return Result(rule, outcome, said.findings, said.unseen, said.fault, found.waived, found.lapsed)


def _asked(result: Result) -> Conclusion | None:
    approved = all(isinstance(each.waiver.approval, Seen) for each in result.waived)
    return concluded(result.outcome, result.rule.mode, approved=approved)
