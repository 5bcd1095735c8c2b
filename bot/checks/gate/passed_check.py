"""Decides whether the `publishing` check run of the released commit did not fail."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.check import StricterWhen
from bot.checks.gate.condition import DeploymentQuery, GateCondition, PendingDeployment, deployment_finding
from bot.model.core_types import Conclusion, RuleName
from bot.model.findings import Finding, Unknown
from bot.settings import SettingsQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedCheck(GateCondition):
    """The check run "publishing" of the released commit did not fail.

    Rules that are enforced on pull requests are then also enforced on releases.
    """

    name: ClassVar[RuleName] = RuleName("passed-check")
    reads: ClassVar[frozenset[DeploymentQuery | SettingsQuery]] = frozenset(
        {DeploymentQuery.RUN, DeploymentQuery.CHECK_RUN}
    )
    require_success: bool = field(
        default=False,
        metadata={
            "means": "Whether the check must succeed, so that neutral is not enough.",
            "stricter": StricterWhen.HIGHER,
        },
    )

    def judge(self, deployment: PendingDeployment) -> Iterator[Finding | Unknown]:
        fact = deployment.check_conclusion
        if isinstance(fact, Unknown):
            yield fact
            return
        allowed = {Conclusion.SUCCESS} if self.require_success else {Conclusion.SUCCESS, Conclusion.NEUTRAL}
        if fact.value not in allowed:
            yield deployment_finding(
                deployment,
                f'the check run "publishing" of {deployment.short_commit} concluded {fact.value.replace("_", " ")}',
                "Fix what the check run reports, and release the fixed commit.",
            )
