"""Decides whether someone who neither wrote the commit nor started the run approved the release."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.gate.condition import (
    DeploymentApprovals,
    DeploymentQuery,
    GateCondition,
    PendingDeployment,
    deployment_finding,
)
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Unknown, join_names
from bot.settings import SettingsQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class IndependentApproval(GateCondition):
    """A person who neither wrote the commit nor started the run approved it.

    One stolen account is then not enough to release. GitHub does not show for which attempt an approval was given, so
    each attempt of a run needs one.
    """

    name: ClassVar[RuleName] = RuleName("independent-approval")
    reads: ClassVar[frozenset[DeploymentQuery | SettingsQuery]] = frozenset(
        {DeploymentQuery.RUN, DeploymentQuery.APPROVALS, DeploymentQuery.COMMIT_AUTHORS}
    )

    def judge(self, deployment: PendingDeployment) -> Iterator[Finding | Unknown]:
        approvals, makers = deployment.approvals, deployment.commit_authors
        if isinstance(approvals, Unknown):
            yield approvals
        elif not approvals.value.required and not approvals.value.approvers:
            yield deployment_finding(
                deployment,
                f"the environment {deployment.environment} does not require an approval",
                "Settings, Environments: add required reviewers, and select Prevent self-review.",
            )
        elif isinstance(makers, Unknown):
            yield makers
        else:
            yield from _approval_results(deployment, approvals.value, makers.value)


def _approval_results(
    deployment: PendingDeployment, approvals: DeploymentApprovals, commit_authors: tuple[str, ...]
) -> Iterator[Finding | Unknown]:
    concerned = dict.fromkeys((*deployment.run.started_by, *commit_authors))
    own = {login.casefold() for login in concerned}
    others = [login for login in approvals.approvers if login.casefold() not in own]
    selves = [login for login in approvals.approvers if login.casefold() in own]
    needed, machines = deployment.run.attempt, approvals.approving_bots
    if machines and not approvals.approvers:
        yield deployment_finding(
            deployment,
            f"only {join_names(machines)}, which no person is behind, approved, and the approval of a machine is none",
            "Take machine accounts from the environment's reviewers; then start a new run, and let a person approve it.",
        )
    elif selves and len(others) < needed:
        yield deployment_finding(
            deployment,
            f"{join_names(selves)} approved the release but also wrote the commit or started the run",
            "Start a new run, and let another person approve it. Prevent self-review in the environment enforces that.",
        )
    elif len(others) < needed:
        again = f" (each of {needed} attempts needs one; or start a new run)" if needed > 1 else ""
        yield Unknown(f"an approval by someone other than {join_names(concerned)}", f"nobody has given it yet{again}")
