"""The rule ephemeral-runners: packages are published from machines that nobody used before."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.checks.rule import Rule, Stricter
from bot.detection.path import Part, PathJob, publish_path
from bot.detection.path_words import part_of
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, Place, Unseen
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows.runners import Machine, machine_of


@dataclass(frozen=True, slots=True, kw_only=True)
class EphemeralRunners(Rule):
    """Packages are built and published on machines that are new for each job.

    On a machine that stays, one job can leave something behind that waits for the job which publishes.
    """

    name: ClassVar[RuleName] = RuleName("ephemeral-runners")
    severity: Severity = field(
        default=Severity.MEDIUM, metadata={"means": "How bad a finding of this rule is.", "stricter": Stricter.HIGHER}
    )

    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
        publications = [publication for publication, _ in self.judged(snapshot)]
        path = publish_path(publications, snapshot.workflows, snapshot.actions)
        yield from path.unseen
        for job in path.jobs:
            if job.part in (Part.PUBLISHES, Part.FEEDS):
                yield from _judged(job, snapshot)


def _judged(job: PathJob, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
    where = part_of(job, snapshot.registries)
    if job.job.uses is not None:
        if job.job.uses.value.strip()[:2] not in ("./", "$/"):
            yield Unseen(f"the machine of {where}", "the called workflow lies in another repository")
        return
    machine, label = machine_of(job.workflow, job.job)
    line = job.job.runs_on[0].line if job.job.runs_on else job.job.line
    if machine is Machine.STAYS:
        yield Finding(
            place=Place(job.workflow.path, line, line),
            message=f"runs {where} on a self-hosted runner, where earlier jobs may have left something behind",
            fix=(
                "Run it on a runner of GitHub's, or on one that registers anew for each job (config.sh --ephemeral, or Actions "
                "Runner Controller) in a group of its own, named by `group:`."
            ),
        )
    elif machine is Machine.UNKNOWN:
        yield Unseen(
            what=f"the machine of {where}",
            reason=f"{label} in {job.workflow.path}:{line} does not tell whether the runner is new for each job",
        )
