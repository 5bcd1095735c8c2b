"""Decides whether a pending deployment may proceed, with the reasons, from its facts and a policy."""

from dataclasses import dataclass, replace
from enum import StrEnum

from bot.checks.engine import CheckResult, run_checks
from bot.checks.gate import GateCondition, PendingDeployment
from bot.model.core_types import Mode, Outcome
from bot.model.findings import Known
from bot.policy import Policy


class GateVerdict(StrEnum):
    """What the gate says, in GitHub's words; while it is pending, GitHub waits (at most 30 days, then the job fails)."""

    APPROVED = "approved"
    REJECTED = "rejected"
    PENDING = "pending"


class ConditionResult(CheckResult[GateCondition]):
    """What became of one condition."""

    __slots__ = ()

    @property
    def enforced(self) -> bool:
        return self.check.mode is Mode.ENFORCE

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
    # Without a clock no waiver is in force: nobody knows whether it has expired.
    day = deployment.now.value.date() if isinstance(deployment.now, Known) else None
    workflow = deployment.run.workflow
    judged = run_checks(
        policy.gate,
        deployment,
        ConditionResult,
        policy.waivers_on(day),
        lambda finding: replace(finding, location=replace(finding.location, file=workflow)),
    )
    asked = {each.verdict for each in judged if each.enforced}
    if GateVerdict.REJECTED in asked:
        verdict = GateVerdict.REJECTED
    elif GateVerdict.PENDING in asked or policy_problems:
        verdict = GateVerdict.PENDING
    else:
        verdict = GateVerdict.APPROVED
    return GateDecision(deployment, verdict, judged, policy_problems)
