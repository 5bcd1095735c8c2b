"""Decides whether a pending deployment may proceed, with the reasons, from its facts and a policy."""

from dataclasses import dataclass, replace
from enum import StrEnum

from bot.checks.check import outcome_of, run_check
from bot.checks.gate import GateCondition, PendingDeployment
from bot.model.core_types import Mode, Outcome
from bot.model.findings import Finding, Known, Unknown
from bot.policy import Policy, Waiver
from bot.policy.apply_waivers import active_waiver


class GateVerdict(StrEnum):
    """What the gate says, in GitHub's words; while it is pending, GitHub waits (at most 30 days, then the job fails)."""

    APPROVED = "approved"
    REJECTED = "rejected"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class ConditionResult:
    """What became of one condition."""

    condition: GateCondition
    outcome: Outcome
    findings: tuple[Finding, ...] = ()  # those that stand
    unknown: tuple[Unknown, ...] = ()
    waivers: tuple[Waiver, ...] = ()  # in force, and covering what else would stand
    error: str | None = None  # our own: the kind of error and where in our code

    @property
    def enforced(self) -> bool:
        return self.condition.mode is Mode.ENFORCE

    @property
    def verdict(self) -> GateVerdict:
        """The verdict that it asks for, were it enforced and alone."""
        match self.outcome:
            case Outcome.FAILED:
                return GateVerdict.REJECTED
            case Outcome.UNKNOWN | Outcome.ERROR:
                return GateVerdict.PENDING
            case Outcome.PASSED | Outcome.WAIVED | Outcome.NOT_APPLICABLE:
                return GateVerdict.APPROVED


@dataclass(frozen=True, slots=True)
class GateDecision:
    """The verdict on one waiting deployment."""

    deployment: PendingDeployment
    verdict: GateVerdict
    results: tuple[ConditionResult, ...]
    policy_problems: tuple[str, ...] = ()  # with the policy: with one of them nothing is approved

    @property
    def blocking(self) -> tuple[ConditionResult, ...]:
        """The conditions that led to the verdict, if it is not approved."""
        wanted = self.verdict
        return tuple(
            each for each in self.results if each.enforced and each.verdict is wanted is not GateVerdict.APPROVED
        )

    @property
    def would_block(self) -> tuple[ConditionResult, ...]:
        """The conditions that would have stopped it, were they enforced."""
        return tuple(each for each in self.results if not each.enforced and each.verdict is not GateVerdict.APPROVED)


def decide_deployment(
    deployment: PendingDeployment, policy: Policy, policy_problems: tuple[str, ...] = ()
) -> GateDecision:
    """Decide by a policy. Certain reasons reject; then what is unknown or broken keeps it waiting; only then it is approved.

    Conditions that are only observed stop nothing. With a problem of the policy nobody knows what should be held, so
    nothing is approved.
    """
    judged = tuple(_evaluate_condition(condition, deployment, policy) for condition in policy.gate)
    asked = {each.verdict for each in judged if each.enforced}
    if GateVerdict.REJECTED in asked:
        verdict = GateVerdict.REJECTED
    elif GateVerdict.PENDING in asked or policy_problems:
        verdict = GateVerdict.PENDING
    else:
        verdict = GateVerdict.APPROVED
    return GateDecision(deployment, verdict, judged, policy_problems)


def _evaluate_condition(condition: GateCondition, deployment: PendingDeployment, policy: Policy) -> ConditionResult:
    said = run_check(condition, deployment)
    waived = {
        finding: waiver
        for finding in said.findings
        if (waiver := _active_waiver(condition, finding, deployment, policy))
    }
    said = replace(said, findings=tuple(finding for finding in said.findings if finding not in waived))
    waivers = tuple(dict.fromkeys(waived.values()))
    return ConditionResult(condition, outcome_of(said, waivers), said.findings, said.unknown, waivers, said.error)


def _active_waiver(
    condition: GateCondition, finding: Finding, deployment: PendingDeployment, policy: Policy
) -> Waiver | None:
    """Return a waiver in force that covers a finding. Without a clock none is: nobody knows whether it has ended."""
    if not isinstance(deployment.now, Known):
        return None
    at_workflow = replace(finding, location=replace(finding.location, file=deployment.run.workflow))
    return active_waiver(condition.name, at_workflow, policy, deployment.now.value.date())
