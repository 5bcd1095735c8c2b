"""Decides whether the event and the actor that started a release are allowed to do so."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.check import StricterWhen
from bot.checks.gate.condition import GateCondition, PendingDeployment, deployment_finding
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Unknown, join_names

ANY_ACTOR = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedTriggers(GateCondition):
    """An allowed event and an allowed person started the release.

    Events that anyone can cause, such as comments, do not start releases.
    """

    name: ClassVar[RuleName] = RuleName("allowed-triggers")
    events: tuple[str, ...] = field(
        default=("push", "release", "workflow_dispatch"),
        metadata={"means": "The events that may start a release.", "stricter": StricterWhen.FEWER},
    )
    actors: tuple[str, ...] = field(
        default=(ANY_ACTOR,),
        metadata={
            "means": "The logins that may start a release and repeat it; `*` allows everyone.",
            "stricter": StricterWhen.FEWER,
        },
    )

    def judge(self, deployment: PendingDeployment) -> Iterator[Finding | Unknown]:
        run = deployment.run
        if run.event not in self.events:
            message = (
                f"the event {run.event} started the run, and the policy allows {join_names(self.events) or 'none'}"
            )
            yield deployment_finding(
                deployment,
                message,
                "Start the release by an allowed event.",
            )
        known = {login.casefold() for login in self.actors}
        strangers = [login for login in run.started_by if login.casefold() not in known]
        if ANY_ACTOR not in self.actors and strangers:
            message = (
                f"{join_names(strangers)} started the run, and the policy allows {join_names(self.actors) or 'nobody'}"
            )
            yield deployment_finding(deployment, message, "Let an allowed person start a new run.")
