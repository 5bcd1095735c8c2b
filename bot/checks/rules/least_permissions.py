"""The rule least-permissions: the tokens on the publish path may do what is needed there, and nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.rule import Rule, Stricter
from bot.detection.path import Part, PathJob, publish_path
from bot.detection.path_words import part_of
from bot.detection.token_permissions import beside_may_use_identity, may_use_identity, unused
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, Place, Unseen, listed
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import Permissions, Workflow

_IDENTITY = "id-token"
_EXPLAINED = ("contents", "packages", "id-token", "attestations", "actions", "pull-requests", "issues", "deployments")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeastPermissions(Rule):
    """Jobs on the publish path have the permissions that they need, each for itself.

    Above all the right to ask for the workflow's identity (id-token: write): with it any job can publish as this workflow.
    """

    name: ClassVar[RuleName] = RuleName("least-permissions")
    severity: Severity = field(
        default=Severity.MEDIUM, metadata={"means": "How bad a finding of this rule is.", "stricter": Stricter.HIGHER}
    )

    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
        publications = [publication for publication, _ in self.judged(snapshot)]
        path = publish_path(publications, snapshot.workflows, snapshot.actions)
        yield from path.unseen
        workflows = {job.workflow.path: job.workflow for job in path.jobs}
        for workflow in workflows.values():
            yield from _of_all(workflow, [job for job in path.jobs if job.workflow is workflow])
        for job in path.jobs:
            if job.part is Part.PUBLISHES:
                yield from _publishing(job, snapshot)
            elif job.job.permissions is not None:
                yield from _helping(job, job.job.permissions, snapshot)


def _of_all(workflow: Workflow, on_path: list[PathJob]) -> Iterator[Finding]:
    """Judge the workflow's own block by the jobs that have none of theirs."""
    given = workflow.permissions
    if given is None:
        return
    without = [job.id for job in workflow.jobs.values() if job.permissions is None]
    if given.everything == "write-all" and without:
        yield Finding(
            place=Place(workflow.path, given.line, given.line),
            message=f"lets {_jobs(without)} do everything to the repository (permissions: write-all)",
            fix="Write permissions: {} here, and give each job the few that it needs.",
        )
    elif given.level(_IDENTITY) == "write":
        needs = {job.job.id: job.part in (Part.PUBLISHES, Part.CALLS) or may_use_identity(job) for job in on_path}
        others = [name for name in without if not needs.get(name, beside_may_use_identity(workflow.jobs[name]))]
        if others:
            yield Finding(
                place=Place(workflow.path, given.line, given.line),
                message=f"lets {_jobs(others)} ask for the identity that publishes (id-token: write for the whole workflow)",
                fix="Move id-token: write from the workflow to the permissions of the job that publishes.",
            )


def _publishing(job: PathJob, snapshot: Snapshot) -> Iterator[Finding]:
    own = job.job.permissions
    where = part_of(job, snapshot.registries)
    if own is None and job.workflow.permissions is None:
        if None in job.grants:
            yield Finding(
                place=Place(job.workflow.path, job.job.line, job.job.line),
                message=f"leaves to a setting of the repository what the token may do in {where}: no permissions are written",
                fix=f"Give the job {job.job.id} permissions of its own: contents: read, and id-token: write where it publishes without a stored token.",
            )
        return
    given = own or job.workflow.permissions
    if given is None:
        return
    if own is not None and own.everything == "write-all":
        yield _everything(job, own, where)
        return
    needless = unused(job, [scope for scope in _EXPLAINED if given.level(scope) == "write"])
    if needless and not given.everything:
        yield Finding(
            place=Place(job.workflow.path, given.line, given.line),
            message=f"gives {listed(f'{scope}: write' for scope in needless)} to {where}, and none of its steps uses that",
            fix=f"Take out {listed(f'{scope}: write' for scope in needless)}; contents: read is enough to check the repository out.",
        )


def _helping(job: PathJob, given: Permissions, snapshot: Snapshot) -> Iterator[Finding]:
    where = part_of(job, snapshot.registries)
    if given.everything == "write-all":
        yield _everything(job, given, where)
    elif given.level(_IDENTITY) == "write" and job.part is not Part.CALLS and not may_use_identity(job):
        yield Finding(
            place=Place(job.workflow.path, given.line, given.line),
            message=f"lets {where} ask for the identity that publishes (id-token: write), and nothing in it is known to need one",
            fix=f"Take id-token: write out of the job {job.job.id}; only the job that publishes needs it.",
        )


def _everything(job: PathJob, given: Permissions, where: str) -> Finding:
    return Finding(
        place=Place(job.workflow.path, given.line, given.line),
        message=f"lets {where} do everything to the repository (permissions: write-all)",
        fix=f"Name the few permissions that the job {job.job.id} needs; contents: read is enough to check the repository out.",
    )


def _jobs(names: list[str]) -> str:
    return f"the job{'s' if len(names) > 1 else ''} {listed(names)}"
