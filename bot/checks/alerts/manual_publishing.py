"""Detects publishing workflows that can now only be started manually."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.alerts.change_alert import OPEN_ISSUE_OPTION, SEVERITY_OPTION, ChangeAlert, RepositoryChange
from bot.checks.alerts.new_findings import renamed_workflows
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, Location, Unknown, join_names
from bot.workflows import Workflow

_MANUAL_EVENTS = frozenset({"workflow_dispatch"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualPublishing(ChangeAlert):
    """A publishing workflow can now only be started manually.

    A manual run can use any branch or tag, and leaves no tag or release behind.
    """

    name: ClassVar[RuleName] = RuleName("manual-publishing")
    severity: Severity = field(default=Severity.MEDIUM, metadata=SEVERITY_OPTION)
    open_issue: bool = field(default=False, metadata=OPEN_ISSUE_OPTION)

    def applies(self, change: RepositoryChange) -> bool:
        return change.is_branch_push

    def judge(self, change: RepositoryChange) -> Iterator[Finding | Unknown]:
        files = change.files
        if isinstance(files, Unknown):
            yield files
            return
        sides = files.value
        publishing = {publication.file for publication in sides.after.publications}
        was = renamed_workflows(sides)
        for path in sorted(sides.changed_paths & publishing & sides.after.workflows.keys()):
            before, after = sides.before.workflows.get(was.get(path, path)), sides.after.workflows[path]
            if before is not None and _is_manual_only(after) and not _is_manual_only(before):
                gone = [event for event in before.triggers if event not in after.triggers]
                yield _finding(after, gone)


def _is_manual_only(workflow: Workflow) -> bool:
    return bool(workflow.triggers) and workflow.triggers.keys() <= _MANUAL_EVENTS


def _finding(workflow: Workflow, removed_events: list[str]) -> Finding:
    line = workflow.triggers["workflow_dispatch"].line
    return Finding(
        Location(workflow.path, line, line),
        f"publishes, and can now only be started manually instead of by {join_names(removed_events)}",
        f"Restore the trigger {join_names(removed_events)}. If manual releases are intended, add a waiver.",
    )
