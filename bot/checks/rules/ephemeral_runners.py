"""Judges whether packages are built and published on runners that are new for each job."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.check import Rule, StricterWhen
from bot.detection.publish_path import PathJob, PathRole, describe_path_job, publish_path
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, Location, Unknown
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows.graph import RunnerLifetime, runner_lifetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EphemeralRunners(Rule):
    """Packages are built and published on runners that are new for each job.

    On a persistent runner, one job can tamper with the next.
    """

    name: ClassVar[RuleName] = RuleName("ephemeral-runners")
    severity: Severity = field(
        default=Severity.MEDIUM,
        metadata={"means": "How bad a finding of this rule is.", "stricter": StricterWhen.HIGHER},
    )

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        publications = [publication for publication, _ in self.publications_to_check(snapshot)]
        path = publish_path(publications, snapshot.workflows, snapshot.actions)
        yield from path.unknown
        for job in path.jobs:
            if job.role in (PathRole.PUBLISHES, PathRole.FEEDS):
                yield from _runner_results(job, snapshot)


def _runner_results(job: PathJob, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
    where = describe_path_job(job, snapshot.registries)
    if job.job.uses is not None:
        if job.job.uses.value.strip()[:2] not in ("./", "$/"):
            yield Unknown(f"the machine of {where}", "the called workflow lies in another repository")
        return
    machine, label = runner_lifetime(job.workflow, job.job)
    line = job.job.runs_on[0].line if job.job.runs_on else job.job.line
    if machine is RunnerLifetime.PERSISTENT:
        yield Finding(
            location=Location(job.workflow.path, line, line),
            message=f"runs {where} on a persistent self-hosted runner, so earlier jobs can tamper with it",
            fix=(
                "Run the job on a GitHub-hosted runner. Or use an ephemeral runner (`config.sh --ephemeral`, Actions Runner Controller) "
                "in a runner group of its own, and name it by `group:`."
            ),
        )
    elif machine is RunnerLifetime.UNKNOWN:
        yield Unknown(
            fact=f"the machine of {where}",
            reason=f"{label} in {job.workflow.path}:{line} does not say whether each job gets a new runner",
        )
