"""Judges whether jobs on the publish path have only the token permissions that they need."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.check import Rule, StricterWhen
from bot.detection.publish_path import PathJob, PathRole, describe_path_job, publish_path
from bot.detection.token_permissions import may_use_oidc, side_job_may_use_oidc, unused_permissions
from bot.model.core_types import Credential, RuleName, Severity
from bot.model.findings import Finding, Location, Unknown, join_names
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import Permissions, Workflow

_IDENTITY_SCOPE = "id-token"
_CHECKED_SCOPES = (
    "contents",
    "packages",
    "id-token",
    "attestations",
    "actions",
    "pull-requests",
    "issues",
    "deployments",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeastPermissions(Rule):
    """Jobs on the publish path have only the permissions that they need.

    With `id-token: write` any job can publish as this workflow.
    """

    name: ClassVar[RuleName] = RuleName("least-permissions")
    severity: Severity = field(
        default=Severity.MEDIUM,
        metadata={"means": "How bad a finding of this rule is.", "stricter": StricterWhen.HIGHER},
    )

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        publications = [publication for publication, _ in self.publications_to_check(snapshot)]
        path = publish_path(publications, snapshot.workflows, snapshot.actions)
        yield from path.unknown
        workflows = {job.workflow.path: job.workflow for job in path.jobs}
        for workflow in workflows.values():
            yield from _workflow_permission_findings(workflow, [job for job in path.jobs if job.workflow is workflow])
        for job in path.jobs:
            if job.role is PathRole.PUBLISHES:
                yield from _publish_job_findings(job, snapshot)
            elif job.job.permissions is not None:
                yield from _other_job_findings(job, job.job.permissions, snapshot)


def _workflow_permission_findings(workflow: Workflow, on_path: list[PathJob]) -> Iterator[Finding]:
    """Judge the workflow's own block by the jobs that have none of theirs."""
    given = workflow.permissions
    if given is None:
        return
    without = [job.id for job in workflow.jobs.values() if job.permissions is None]
    if given.all_scopes == "write-all" and without:
        yield Finding(
            location=Location(workflow.path, given.line, given.line),
            message=f"gives {_job_list(without)} every permission on the repository (`permissions: write-all`)",
            fix="Write `permissions: {}` here, and give each job only the permissions that it needs.",
        )
    elif given.level(_IDENTITY_SCOPE) == "write":
        needs = {job.job.id: job.role in (PathRole.PUBLISHES, PathRole.CALLS) or may_use_oidc(job) for job in on_path}
        others = [name for name in without if not needs.get(name, side_job_may_use_oidc(workflow.jobs[name]))]
        if others:
            yield Finding(
                location=Location(workflow.path, given.line, given.line),
                message=f"lets {_job_list(others)} request the OIDC token that publishes (`id-token: write` for the whole workflow)",
                fix="Move `id-token: write` from the workflow to the permissions of the job that publishes.",
            )


def _publish_job_findings(job: PathJob, snapshot: Snapshot) -> Iterator[Finding]:
    own = job.job.permissions
    where = describe_path_job(job, snapshot.registries)
    if own is None and job.workflow.permissions is None:
        if None in job.granted_permissions:
            yield Finding(
                location=Location(job.workflow.path, job.job.line, job.job.line),
                message=f"sets no permissions for {where}, so a repository setting decides what its token can do",
                fix=f"Give the job {job.job.id} its own permissions: {_needed_permissions(job, snapshot)}.",
            )
        return
    given = own or job.workflow.permissions
    if given is None:
        return
    if own is not None and own.all_scopes == "write-all":
        yield _write_all_finding(job, own, where)
        return
    needless = unused_permissions(job, [scope for scope in _CHECKED_SCOPES if given.level(scope) == "write"])
    if needless and not given.all_scopes:
        yield Finding(
            location=Location(job.workflow.path, given.line, given.line),
            message=f"gives {join_names(f'`{scope}: write`' for scope in needless)} to {where}, although none of its steps uses it",
            fix=f"Remove {join_names(f'`{scope}: write`' for scope in needless)} from these permissions.",
        )


def _other_job_findings(job: PathJob, permissions: Permissions, snapshot: Snapshot) -> Iterator[Finding]:
    where = describe_path_job(job, snapshot.registries)
    if permissions.all_scopes == "write-all":
        yield _write_all_finding(job, permissions, where)
    elif permissions.level(_IDENTITY_SCOPE) == "write" and job.role is not PathRole.CALLS and not may_use_oidc(job):
        yield Finding(
            location=Location(job.workflow.path, permissions.line, permissions.line),
            message=f"lets {where} request the OIDC token that publishes (`id-token: write`), although no step is known to need it",
            fix=f"Remove `id-token: write` from the job {job.job.id}, because only the job that publishes needs it.",
        )


def _write_all_finding(job: PathJob, permissions: Permissions, where: str) -> Finding:
    return Finding(
        location=Location(job.workflow.path, permissions.line, permissions.line),
        message=f"gives {where} every permission on the repository (`permissions: write-all`)",
        fix=f"List only the permissions that the job {job.job.id} needs, such as `contents: read` for a checkout.",
    )


def _needed_permissions(job: PathJob, snapshot: Snapshot) -> str:
    """Say what a checkout and publishing take; what publishing by the job's own token takes is in the registry's data."""
    needed = {"contents": "read"}
    for each in job.publications:
        registry = snapshot.registries[each.registry]
        if each.credential in (Credential.OIDC, Credential.CLOUD_OIDC, Credential.HYBRID):
            needed[_IDENTITY_SCOPE] = "write"
        elif registry.trust_mechanism == "job-token":
            needed |= registry.migration.permissions
    if needed == {"contents": "read"}:
        return "`contents: read` is enough for a checkout"
    return join_names(f"`{scope}: {level}`" for scope, level in needed.items())


def _job_list(names: list[str]) -> str:
    return f"the job{'s' if len(names) > 1 else ''} {join_names(names)}"
