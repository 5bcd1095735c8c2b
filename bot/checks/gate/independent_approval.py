"""The condition independent-approval: somebody who neither made nor started the release let it go."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from bot.checks.gate.condition import Approvals, Look, Waiting
from bot.checks.gate.gate_condition import Condition, refusal
from bot.model.core_types import RuleName
from bot.model.findings import Finding, Unseen, listed
from bot.settings import Read


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedByAnother(Condition):
    """A person who neither made the commit nor started the run approved the release.

    One stolen account is then not enough. GitHub does not say for which attempt an approval was given, so a run that was
    started again needs one for each attempt.
    """

    name: ClassVar[RuleName] = RuleName("independent-approval")
    reads: ClassVar[frozenset[Look | Read]] = frozenset({Look.RUN, Look.APPROVALS, Look.MAKERS})

    def check(self, waiting: Waiting) -> Iterator[Finding | Unseen]:
        approvals, makers = waiting.approvals, waiting.makers
        if isinstance(approvals, Unseen):
            yield approvals
        elif not approvals.value.asks and not approvals.value.by:
            yield refusal(
                waiting,
                f"the environment {waiting.environment} asks nobody for an approval",
                "Settings, Environments: add required reviewers, and tick Prevent self-review.",
            )
        elif isinstance(makers, Unseen):
            yield makers
        else:
            yield from _judge(waiting, approvals.value, makers.value)


def _judge(waiting: Waiting, approvals: Approvals, makers: tuple[str, ...]) -> Iterator[Finding | Unseen]:
    concerned = dict.fromkeys((*waiting.run.starters, *makers))
    own = {login.casefold() for login in concerned}
    others = [login for login in approvals.by if login.casefold() not in own]
    selves = [login for login in approvals.by if login.casefold() in own]
    needed = waiting.run.attempt
    if selves and len(others) < needed:
        yield refusal(
            waiting,
            f"{listed(selves)} approved, and made the commit or started the run too",
            "Start a new run, and let somebody else approve it; Prevent self-review in the environment holds people to that.",
        )
    elif len(others) < needed:
        again = f" (one for each of {needed} attempts; or start a new run)" if needed > 1 else ""
        yield Unseen(f"an approval by somebody other than {listed(concerned)}", f"nobody gave it so far{again}")
