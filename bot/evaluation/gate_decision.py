"""The gate's decision: a waiting deployment and a policy in, a verdict with all its reasons out. Pure, as `evaluate` is."""

from dataclasses import dataclass, replace
from enum import StrEnum

from bot.checks.check import hear, outcome_of
from bot.checks.gate import Condition, Waiting
from bot.model.core_types import Mode, Outcome
from bot.model.findings import Finding, Seen, Unseen
from bot.policy import Policy, Waiver
from bot.policy.apply_waivers import waiver_for


class Verdict(StrEnum):
    """What the gate says, in GitHub's words; while it is pending, GitHub waits (at most 30 days, then the job fails)."""

    APPROVED = "approved"
    REJECTED = "rejected"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of one condition."""

    condition: Condition
    outcome: Outcome
    findings: tuple[Finding, ...] = ()  # those that stand
    unseen: tuple[Unseen, ...] = ()
    waivers: tuple[Waiver, ...] = ()  # in force, and covering what else would stand
    fault: str | None = None  # our own: the kind of error and where in our code

    @property
    def enforced(self) -> bool:
        return self.condition.mode is Mode.ENFORCE

    @property
    def alone(self) -> Verdict:
        """The verdict that it asks for, were it enforced and alone."""
        match self.outcome:
            case Outcome.FAILED:
                return Verdict.REJECTED
            case Outcome.UNSEEN | Outcome.BROKEN:
                return Verdict.PENDING
            case Outcome.PASSED | Outcome.WAIVED | Outcome.NOT_APPLICABLE:
                return Verdict.APPROVED


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict on one waiting deployment."""

    waiting: Waiting
    verdict: Verdict
    judged: tuple[Judged, ...]
    problems: tuple[str, ...] = ()  # with the policy: with one of them nothing is approved

    @property
    def stopping(self) -> tuple[Judged, ...]:
        """The conditions that led to the verdict, if it is not approved."""
        wanted = self.verdict
        return tuple(each for each in self.judged if each.enforced and each.alone is wanted is not Verdict.APPROVED)

    @property
    def observed(self) -> tuple[Judged, ...]:
        """The conditions that would have stopped it, were they enforced."""
        return tuple(each for each in self.judged if not each.enforced and each.alone is not Verdict.APPROVED)


def decide(waiting: Waiting, policy: Policy, problems: tuple[str, ...] = ()) -> Decision:
    """Decide by a policy. Certain reasons reject; then what is unseen or broken keeps it waiting; only then it is approved.

    Conditions that are only observed stop nothing. With a problem of the policy nobody knows what should be held, so
    nothing is approved.
    """
    judged = tuple(_judge(condition, waiting, policy) for condition in policy.gate)
    asked = {each.alone for each in judged if each.enforced}
    if Verdict.REJECTED in asked:
        verdict = Verdict.REJECTED
    elif Verdict.PENDING in asked or problems:
        verdict = Verdict.PENDING
    else:
        verdict = Verdict.APPROVED
    return Decision(waiting, verdict, judged, problems)


def _judge(condition: Condition, waiting: Waiting, policy: Policy) -> Judged:
    said = hear(condition, waiting)
    waived = {finding: waiver for finding in said.findings if (waiver := _waiver(condition, finding, waiting, policy))}
    said = replace(said, findings=tuple(finding for finding in said.findings if finding not in waived))
    waivers = tuple(dict.fromkeys(waived.values()))
    return Judged(condition, outcome_of(said, waivers), said.findings, said.unseen, waivers, said.fault)


def _waiver(condition: Condition, finding: Finding, waiting: Waiting, policy: Policy) -> Waiver | None:
    """Return a waiver in force that covers a finding. Without a clock none is: nobody knows whether it has ended."""
    if not isinstance(waiting.now, Seen):
        return None
    at_workflow = replace(finding, place=replace(finding.place, file=waiting.run.workflow))
    return waiver_for(condition.name, at_workflow, policy, waiting.now.value.date())
