"""The signal manual-publishing: what published on its own now only runs by hand."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.alerts.change_alert import Change
from bot.checks.alerts.new_findings import renamed
from bot.checks.alerts.signal import ALARM, SEVERITY, Signal
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, Place, Unseen, listed
from bot.workflows import Workflow

_BY_HAND = frozenset({"workflow_dispatch"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualPublishing(Signal):
    """A workflow that publishes can now only be started by hand.

    Started by hand it runs from any branch or tag that somebody chooses, and leaves no release or tag behind that others would see.
    """

    name: ClassVar[RuleName] = RuleName("manual-publishing")
    severity: Severity = field(default=Severity.MEDIUM, metadata=SEVERITY)
    alarm: bool = field(default=False, metadata=ALARM)

    def applies(self, change: Change) -> bool:
        return change.on_branch

    def check(self, change: Change) -> Iterator[Finding | Unseen]:
        files = change.files
        if isinstance(files, Unseen):
            yield files
            return
        sides = files.value
        publishing = {publication.file for publication in sides.after.publications}
        was = renamed(sides)
        for path in sorted(sides.changed & publishing & sides.after.workflows.keys()):
            before, after = sides.before.workflows.get(was.get(path, path)), sides.after.workflows[path]
            if before is not None and _by_hand(after) and not _by_hand(before):
                gone = [event for event in before.triggers if event not in after.triggers]
                yield _finding(after, gone)


def _by_hand(workflow: Workflow) -> bool:
    return bool(workflow.triggers) and workflow.triggers.keys() <= _BY_HAND


def _finding(workflow: Workflow, gone: list[str]) -> Finding:
    line = workflow.triggers["workflow_dispatch"].line
    return Finding(
        Place(workflow.path, line, line),
        f"publishes, and is now only started by hand; {listed(gone)} started it before",
        f"Let {listed(gone)} start it again, or say in the policy's waivers why people have to.",
    )
