"""Detects jobs that do not publish but can newly request an OIDC token."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.alerts.change_alert import OPEN_ISSUE_OPTION, SEVERITY_OPTION, ChangeAlert, RepositoryChange
from bot.checks.alerts.new_findings import KeyedFinding, new_findings
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, FindingSubject, Location, Unknown
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows.graph import effective_permissions, permission_level


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIdentityToken(ChangeAlert):
    """A job that does not publish can newly request an OIDC token.

    If a registry or cloud trusts the whole repository, any job with the permission can use its identity.
    """

    name: ClassVar[RuleName] = RuleName("new-identity-token")
    severity: Severity = field(default=Severity.MEDIUM, metadata=SEVERITY_OPTION)
    open_issue: bool = field(default=False, metadata=OPEN_ISSUE_OPTION)

    def applies(self, change: RepositoryChange) -> bool:
        return change.is_branch_push

    def judge(self, change: RepositoryChange) -> Iterator[Finding | Unknown]:
        yield from new_findings(change, _find)


def _find(snapshot: Snapshot, paths: frozenset[str]) -> Iterator[KeyedFinding]:
    publishing = {(publication.file, publication.job) for publication in snapshot.publications}
    for workflow in snapshot.workflows.values():
        if workflow.path not in paths:
            continue
        for job in workflow.jobs.values():
            permissions = effective_permissions(workflow, job)
            given = permissions is not None and permission_level(permissions, "id-token") == "write"
            if permissions is None or not given or (workflow.path, job.id) in publishing:
                continue
            line = permissions.line or job.line
            finding = Finding(
                Location(workflow.path, line, line),
                f"the job {job.id}, which does not publish, can newly request an OIDC token (`id-token: write`)",
                "Remove `id-token: write` if the job does not need it. Otherwise let the service that trusts the token require this workflow and an environment.",
                subject=FindingSubject(job=job.id),
            )
            yield KeyedFinding(("identity",), finding, workflow_path=workflow.path)
