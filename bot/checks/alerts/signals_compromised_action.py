"""The alert compromised-action: a workflow uses an action that an attacker is known to have held."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.alerts.change_alert import RepositoryChange
from bot.checks.alerts.compromised_action import ActionCompromise, find_compromise
from bot.checks.alerts.new_findings import KeyedFinding, new_findings
from bot.checks.alerts.signal import SEVERITY_OPTION, ChangeAlert
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, FindingSubject, Location, Unknown
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import SourceText
from bot.workflows.uses import Uses, read_uses


@dataclass(frozen=True, slots=True, kw_only=True)
class CompromisedAction(ChangeAlert):
    """A workflow uses an action that an attacker is known to have held.

    What was moved once is moved again: some of these were given back, and some came back with the attacker's tags intact. On the default
    branch it is told also where it stood before anybody knew, in the check run alone.
    """

    name: ClassVar[RuleName] = RuleName("compromised-action")
    severity: Severity = field(default=Severity.CRITICAL, metadata=SEVERITY_OPTION)

    def applies(self, change: RepositoryChange) -> bool:
        return change.is_branch_push or change.settings is not None

    def check(self, change: RepositoryChange) -> Iterator[Finding | Unknown]:
        yield from new_findings(change, _find)


def _find(snapshot: Snapshot, paths: frozenset[str]) -> Iterator[KeyedFinding]:
    for file, job, text, line in _references(snapshot):
        uses = read_uses(text.value)
        known = find_compromise(uses) if file in paths else None
        if known is not None:
            yield KeyedFinding(
                ("uses", uses.name, uses.ref or ""), _finding(Location(file, line, line), job, uses, known)
            )


def _references(snapshot: Snapshot) -> Iterator[tuple[str, str | None, SourceText, int]]:
    for workflow in snapshot.workflows.values():
        for job in workflow.jobs.values():
            if job.uses is not None:
                yield workflow.path, job.id, job.uses, job.uses_line or job.line
            yield from ((workflow.path, job.id, step.uses, step.line) for step in job.steps if step.uses is not None)
    for action in snapshot.actions.values():
        yield from ((action.path, None, step.uses, step.line) for step in action.steps if step.uses is not None)


def _finding(place: Location, job: str | None, uses: Uses, compromise: ActionCompromise) -> Finding:
    advisory = f" ({compromise.advisory})" if compromise.advisory else ""
    if uses.pinned:
        message = (
            f"uses {uses.repository} at {uses.ref}, a commit that an attacker made {compromise.period_text}{advisory}"
        )
    else:
        message = f"uses {uses.repository}@{uses.ref}, whose tags an attacker moved {compromise.period_text}{advisory}"
    now = (
        "It is not known to be safe again; take it out"
        if compromise.still_malicious
        else "Take it out, or pin it to a full commit id that you have looked at"
    )
    return Finding(place, message, f"{now}. {compromise.source} tells what happened.", subject=FindingSubject(job=job))
