"""The condition allowed-triggers: releases are started by the events and people that they are meant to be."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.gate.condition import Waiting
from bot.checks.gate.gate_condition import Condition, refusal
from bot.checks.rule import Stricter
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Unseen, listed

ANYBODY = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedStart(Condition):
    """A release is started by an event and a person that are expected to start releases.

    What anybody can set off (a comment, a pull request, the end of another workflow) releases nothing.
    """

    name: ClassVar[RuleName] = RuleName("allowed-triggers")
    events: tuple[str, ...] = field(
        default=("push", "release", "workflow_dispatch"),
        metadata={"means": "The events, in GitHub's words, that may start a release.", "stricter": Stricter.FEWER},
    )
    actors: tuple[str, ...] = field(
        default=(ANYBODY,),
        metadata={
            "means": "The logins that may start one, and a new attempt of it; * is anybody who can.",
            "stricter": Stricter.FEWER,
        },
    )

    def check(self, waiting: Waiting) -> Iterator[Finding | Unseen]:
        run = waiting.run
        if run.event not in self.events:
            message = f"the run was started by the event {run.event}, and releases are started by {listed(self.events) or 'nothing'}"
            yield refusal(waiting, message, "Start the release in the way that is meant for it.")
        known = {login.casefold() for login in self.actors}
        strangers = [login for login in run.starters if login.casefold() not in known]
        if ANYBODY not in self.actors and strangers:
            message = f"the run was started by {listed(strangers)}, and releases are started by {listed(self.actors) or 'nobody'}"
            yield refusal(waiting, message, "Let one of them start a new run.")
