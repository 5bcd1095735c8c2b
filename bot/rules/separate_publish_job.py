"""The rule separate-publish-job: what is published was built in another job."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.findings import Finding, Place, Unseen, listed
from bot.names import RuleName, Severity
from bot.publications import Publication
from bot.publications.builds import Build, builds_in
from bot.repository import Snapshot
from bot.rule import Rule, Stricter
from bot.workflows import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class SeparatePublishJob(Rule):
    """Publishing has a job of its own, apart from the build.

    Whatever a build runs (the project's scripts, its dependencies' install hooks) can reach what the job holds: the stored
    token, or the right to ask for a short-lived one.
    """

    name: ClassVar[RuleName] = RuleName("separate-publish-job")
    severity: Severity = field(
        default=Severity.MEDIUM, metadata={"means": "How bad a finding of this rule is.", "stricter": Stricter.HIGHER}
    )

    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unseen]:
        jobs: dict[tuple[str, str], list[Publication]] = {}
        for publication, _ in self.judged(snapshot):
            jobs.setdefault((publication.file, publication.job), []).append(publication)
        for publications in jobs.values():
            publishing = {publication.step for publication in publications if publication.step is not None}
            builds = list(builds_in(_steps(publications[0], snapshot), publishing))
            if builds:
                yield _finding(publications, builds, snapshot)


def _finding(publications: list[Publication], builds: list[Build], snapshot: Snapshot) -> Finding:
    first, job = builds[0], publications[0].job
    where = listed(snapshot.registries[publication.registry].name for publication in publications)
    return Finding(
        place=Place(publications[0].file, first.step.line, first.step.line),
        message=f"builds ({listed(build.what for build in builds)}) in the job that publishes to {where}, where what the build runs can reach the credential",
        fix=(
            f"Move checkout, installation and build to a job of their own that uploads what it made as an artifact; "
            f"let {job} need that job, download the artifact, and publish it."
        ),
    )


def _steps(publication: Publication, snapshot: Snapshot) -> tuple[Step, ...]:
    """Give the steps beside a publication: of its job, or of the local action that it stands in."""
    workflow = snapshot.workflows.get(publication.file)
    if workflow is not None:
        job = workflow.jobs.get(publication.job)
        return job.steps if job else ()
    return next((action.steps for action in snapshot.actions.values() if action.path == publication.file), ())
