"""Decides whether the released commit is on the default branch or another allowed branch."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.check import StricterWhen
from bot.checks.gate.condition import DeploymentQuery, GateCondition, PendingDeployment, deployment_finding
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Unknown
from bot.settings import SettingsQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachableCommit(GateCondition):
    """The released commit is on the default branch or another allowed branch.

    A tag can name a commit that nobody reviewed.
    """

    name: ClassVar[RuleName] = RuleName("reachable-commit")
    reads: ClassVar[frozenset[DeploymentQuery | SettingsQuery]] = frozenset(
        {DeploymentQuery.RUN, DeploymentQuery.BRANCHES_WITH_COMMIT}
    )
    allowed_branches: tuple[str, ...] = field(
        default=(),
        metadata={
            "means": "Names of further branches from which releases are made.",
            "stricter": StricterWhen.FEWER,
        },
    )

    def judge(self, deployment: PendingDeployment) -> Iterator[Finding | Unknown]:
        if isinstance(deployment.branches_with_commit, Unknown):
            yield deployment.branches_with_commit
        elif not deployment.branches_with_commit.value & {deployment.default_branch, *self.allowed_branches}:
            nor = f" or on {', '.join(self.allowed_branches)}" if self.allowed_branches else ""
            yield deployment_finding(
                deployment,
                f"the commit {deployment.short_commit} is not on the default branch {deployment.default_branch}{nor}, so nothing shows that it was reviewed",
                f"Merge it into {deployment.default_branch}, and release from there.",
            )
