"""The rule separate-publish-job: what is published was built in another job."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import ClassVar

from bot.checks.rule import Rule, Stricter
from bot.detection.build_steps import builds_in
from bot.detection.path import PathJob, publish_path
from bot.detection.path_words import registries_of
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, Place, Unseen, listed
from bot.snapshot.repository_snapshot import Snapshot


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
        publications = [publication for publication, _ in self.judged(snapshot)]
        path = publish_path(publications, snapshot.workflows, snapshot.actions)
        yield from path.unseen
        for job in path.publishing:
            builds = list(_builds(job))
            if builds:
                yield _finding(job, builds, snapshot)


def _builds(job: PathJob) -> Iterator[tuple[Place, str]]:
    """Find what builds in a job, in the local actions that it uses too; each with its place."""
    for step in job.steps:
        here = replace(step.step, index=0)
        publishing = (0,) if job.publishes(step) else ()
        for build in builds_in(job.job, job.workflow, (here,), publishing):
            yield Place(step.file, here.line, here.line), build.what


def _finding(job: PathJob, builds: list[tuple[Place, str]], snapshot: Snapshot) -> Finding:
    return Finding(
        place=builds[0][0],
        message=(
            f"builds ({listed(what for _, what in builds)}) in the job that publishes to "
            f"{registries_of(job.publications, snapshot.registries)}, where what the build runs can reach the credential"
        ),
        fix=(
            f"Move checkout, installation and build to a job of their own that uploads what it made as an artifact; "
            f"let {job.job.id} need that job, download the artifact, and publish it."
        ),
    )
