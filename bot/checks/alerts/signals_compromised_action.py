"""The signal compromised-action: a workflow uses an action that an attacker is known to have held."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.alerts.change_alert import Change
from bot.checks.alerts.compromised_action import Compromised, compromised
from bot.checks.alerts.new_findings import Sight, newly
from bot.checks.alerts.signal import SEVERITY, Signal
from bot.model.core_types import RuleName, Severity
from bot.model.findings import About, Finding, Place, Unseen
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import Text
from bot.workflows.uses import Uses, read_uses


@dataclass(frozen=True, slots=True, kw_only=True)
class CompromisedAction(Signal):
    """A workflow uses an action that an attacker is known to have held.

    What was moved once is moved again: some of these were given back, and some came back with the attacker's tags intact. On the default
    branch it is told also where it stood before anybody knew, in the check run alone.
    """

    name: ClassVar[RuleName] = RuleName("compromised-action")
    severity: Severity = field(default=Severity.CRITICAL, metadata=SEVERITY)

    def applies(self, change: Change) -> bool:
        return change.on_branch or change.held is not None

    def check(self, change: Change) -> Iterator[Finding | Unseen]:
        yield from newly(change, _look)


def _look(snapshot: Snapshot, paths: frozenset[str]) -> Iterator[Sight]:
    for file, job, text, line in _used(snapshot):
        uses = read_uses(text.value)
        known = compromised(uses) if file in paths else None
        if known is not None:
            yield Sight(("uses", uses.name, uses.ref or ""), _finding(Place(file, line, line), job, uses, known))


def _used(snapshot: Snapshot) -> Iterator[tuple[str, str | None, Text, int]]:
    for workflow in snapshot.workflows.values():
        for job in workflow.jobs.values():
            if job.uses is not None:
                yield workflow.path, job.id, job.uses, job.uses_line or job.line
            yield from ((workflow.path, job.id, step.uses, step.line) for step in job.steps if step.uses is not None)
    for action in snapshot.actions.values():
        yield from ((action.path, None, step.uses, step.line) for step in action.steps if step.uses is not None)


def _finding(place: Place, job: str | None, uses: Uses, known: Compromised) -> Finding:
    advisory = f" ({known.advisory})" if known.advisory else ""
    if uses.pinned:
        message = f"uses {uses.repository} at {uses.ref}, a commit that an attacker made {known.when}{advisory}"
    else:
        message = f"uses {uses.repository}@{uses.ref}, whose tags an attacker moved {known.when}{advisory}"
    now = (
        "It is not known to be safe again; take it out"
        if known.still
        else "Take it out, or pin it to a full commit id that you have looked at"
    )
    return Finding(place, message, f"{now}. {known.source} tells what happened.", about=About(job=job))
