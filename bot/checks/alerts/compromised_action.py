"""Detects workflows that use a version of an action listed as compromised in `compromised.json`."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from bot.checks.alerts.change_alert import SEVERITY_OPTION, ChangeAlert, RepositoryChange
from bot.checks.alerts.new_findings import KeyedFinding, new_findings
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, FindingSubject, Location, Unknown
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import SourceText
from bot.workflows.workflow import Uses, read_uses

COMPROMISED_ACTIONS_FILE = Path(__file__).parent / "compromised_actions.json"


@dataclass(frozen=True, slots=True)
class ActionCompromise:
    """One action and the time for which it was not its owner's. Days are ISO dates."""

    action: str  # owner/name in lower case
    since: str
    until: str | None  # the last day; None: nobody has said that it is over
    tags: frozenset[str] | None  # None: every one
    safe_tags: frozenset[str]  # tags that were never moved
    malicious_commits: frozenset[str]  # known to be the attacker's
    still_malicious: bool
    advisory: str | None
    source: str

    @property
    def period_text(self) -> str:
        """When, in words."""
        if self.until is None:
            return f"since {self.since}"
        return f"on {self.since}" if self.until == self.since else f"from {self.since} to {self.until}"

    def affects(self, uses: Uses) -> bool:
        """Whether a reference may get, or may have got, what the attacker put there; a full commit id that is not theirs does not."""
        if uses.ref is None:
            return False
        if uses.pinned:
            return uses.ref.lower() in self.malicious_commits
        return uses.ref not in self.safe_tags and (self.tags is None or uses.ref in self.tags)


def find_compromise(uses: Uses) -> ActionCompromise | None:
    """Return what is known of the action, if this reference to it is one of those that were held."""
    if uses.kind != "action" or uses.repository is None:
        return None
    known = _compromises().get(uses.repository.lower())
    return known if known is not None and known.affects(uses) else None


@lru_cache(maxsize=1)
def _compromises() -> Mapping[str, ActionCompromise]:
    return {
        each["action"]: ActionCompromise(
            action=each["action"],
            since=each["from"],
            until=each["until"],
            tags=None if each["tags"] == "all" else frozenset(each["tags"]),
            safe_tags=frozenset(each.get("except", ())),
            malicious_commits=frozenset(each["commits"]),
            still_malicious=each["still"],
            advisory=each.get("advisory"),
            source=each["source"],
        )
        for each in json.loads(COMPROMISED_ACTIONS_FILE.read_text())["actions"]
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class CompromisedAction(ChangeAlert):
    """A workflow uses an action that was compromised.

    Some compromised actions were compromised again. A use on the default branch from before the incident is reported in
    the check run only.
    """

    name: ClassVar[RuleName] = RuleName("compromised-action")
    severity: Severity = field(default=Severity.CRITICAL, metadata=SEVERITY_OPTION)

    def applies(self, change: RepositoryChange) -> bool:
        return change.is_branch_push or change.settings is not None

    def judge(self, change: RepositoryChange) -> Iterator[Finding | Unknown]:
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
        message = f"uses {uses.repository} at {uses.ref}, a commit of an attacker {compromise.period_text}{advisory}"
    else:
        message = f"uses {uses.repository}@{uses.ref}, whose tags an attacker moved {compromise.period_text}{advisory}"
    now = (
        "Remove it, because it is not known to be safe again"
        if compromise.still_malicious
        else "Remove it, or pin it to a full commit id that you have reviewed"
    )
    return Finding(
        place, message, f"{now}. {compromise.source} describes the incident.", subject=FindingSubject(job=job)
    )
