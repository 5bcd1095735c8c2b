"""The signal new-identity-token: a workflow can newly ask for an identity token."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.alerts.change_alert import Change
from bot.checks.alerts.new_findings import Sight, newly
from bot.checks.alerts.signal import ALARM, SEVERITY, Signal
from bot.model.core_types import RuleName, Severity
from bot.model.findings import About, Finding, Place, Unseen
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows.graph import effective_permissions, level


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIdentityToken(Signal):
    """A job that does not publish can newly ask for an identity token.

    With it a job proves to a registry or a cloud who it is; where they trust the repository and not the one workflow, any job is enough.
    A job that publishes is left alone: with trusted publishing it needs the token.
    """

    name: ClassVar[RuleName] = RuleName("new-identity-token")
    severity: Severity = field(default=Severity.MEDIUM, metadata=SEVERITY)
    alarm: bool = field(default=False, metadata=ALARM)

    def applies(self, change: Change) -> bool:
        return change.on_branch

    def check(self, change: Change) -> Iterator[Finding | Unseen]:
        yield from newly(change, _look)


def _look(snapshot: Snapshot, paths: frozenset[str]) -> Iterator[Sight]:
    publishing = {(publication.file, publication.job) for publication in snapshot.publications}
    for workflow in snapshot.workflows.values():
        if workflow.path not in paths:
            continue
        for job in workflow.jobs.values():
            permissions = effective_permissions(workflow, job)
            given = permissions is not None and level(permissions, "id-token") == "write"
            if permissions is None or not given or (workflow.path, job.id) in publishing:
                continue
            line = permissions.line or job.line
            finding = Finding(
                Place(workflow.path, line, line),
                f"the job {job.id} can ask for an identity token (id-token: write), which no job of this workflow that does not publish could before",
                "Take id-token: write out, or tie whatever trusts it to this workflow and, better, to an environment.",
                about=About(job=job.id),
            )
            yield Sight(("identity",), finding, of=workflow.path)
