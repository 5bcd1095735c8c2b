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
    """A release is started by an event and a person that are expected to start releases.

    What anybody can set off (a comment, a pull request, the end of another workflow) releases nothing.
    """

    name: ClassVar[RuleName] = RuleName("allowed-triggers")
    events: tuple[str, ...] = field(
        default=("push", "release", "workflow_dispatch"),
        metadata={"means": "The events, in GitHub's words, that may start a release.", "stricter": StricterWhen.FEWER},
    )
    actors: tuple[str, ...] = field(
        default=(ANY_ACTOR,),
        metadata={
            "means": "The logins that may start one, and a new attempt of it; * is anybody who can.",
            "stricter": StricterWhen.FEWER,
        },
    )

    def judge(self, deployment: PendingDeployment) -> Iterator[Finding | Unknown]:
        run = deployment.run
        if run.event not in self.events:
            message = f"the run was started by the event {run.event}, and releases are started by {join_names(self.events) or 'nothing'}"
            yield deployment_finding(deployment, message, "Start the release in the way that is meant for it.")
        known = {login.casefold() for login in self.actors}
        strangers = [login for login in run.started_by if login.casefold() not in known]
        if ANY_ACTOR not in self.actors and strangers:
            message = f"the run was started by {join_names(strangers)}, and releases are started by {join_names(self.actors) or 'nobody'}"
            yield deployment_finding(deployment, message, "Let one of them start a new run.")
