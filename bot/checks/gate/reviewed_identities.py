"""Decides whether the identities that a release authenticates with were confirmed in their access review."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.check import StricterWhen
from bot.checks.gate.condition import DeploymentQuery, GateCondition, PendingDeployment, deployment_finding
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Unknown
from bot.settings import SettingsQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedIdentities(GateCondition):
    """The identities of the release were confirmed in an access review.

    A release waits while its identity has an overdue review, and proceeds when somebody entitled confirms it. A release of
    a rejected identity is rejected.
    """

    name: ClassVar[RuleName] = RuleName("reviewed-identities")
    reads: ClassVar[frozenset[DeploymentQuery | SettingsQuery]] = frozenset(
        {DeploymentQuery.RUN, DeploymentQuery.UNREVIEWED_IDENTITIES}
    )
    hold_overdue: bool = field(
        default=False,
        metadata={
            "means": "Whether releases wait while the review of their identity is overdue; nothing waits without it.",
            "stricter": StricterWhen.HIGHER,
        },
    )

    @property
    def is_configured(self) -> bool:
        return self.hold_overdue

    def judge(self, deployment: PendingDeployment) -> Iterator[Finding | Unknown]:
        found = deployment.unreviewed_identities
        if isinstance(found, Unknown):
            yield found
            return
        for each in found.value:
            if each.rejected:
                yield deployment_finding(
                    deployment,
                    f"{each.name} may no longer publish, because {each.reason}",
                    "Revoke it by its revocation checklist. If it is still needed, confirm it in the review issue and run the workflow again.",
                )
            else:  # a person's answer is missing, so the release waits and is not rejected
                yield Unknown(f"whether {each.name} may still publish", each.reason)
