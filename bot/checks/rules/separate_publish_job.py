"""Judges whether packages are published in a job that is separate from the build."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import ClassVar

from bot.checks.check import Rule, StricterWhen
from bot.detection.build_steps import find_build_steps, lifecycle_build
from bot.detection.publish_path import PathJob, publish_path, registry_names
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, Location, Unknown, join_names
from bot.snapshot.repository_snapshot import Snapshot

CARGO_PUBLISH = "cargo publish"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeparatePublishJob(Rule):
    """Publishing runs in a job of its own, separate from the build.

    Code that a build runs, such as install hooks of dependencies, can read the credential of its job.
    """

    name: ClassVar[RuleName] = RuleName("separate-publish-job")
    severity: Severity = field(
        default=Severity.MEDIUM,
        metadata={"means": "How bad a finding of this rule is.", "stricter": StricterWhen.HIGHER},
    )

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:
        publications = [publication for publication, _ in self.publications_to_check(snapshot)]
        path = publish_path(publications, snapshot.workflows, snapshot.actions)
        yield from path.unknown
        for job in path.publishing:
            builds = list(_builds(job, snapshot))
            if builds:
                yield _finding(job, builds, snapshot)


def _builds(job: PathJob, snapshot: Snapshot) -> Iterator[tuple[Location, str]]:
    """Find what builds in a job, in the local actions that it uses too, and inside publishing; each with its place."""
    for step in job.steps:
        here = replace(step.step, index=0)
        publishing = (0,) if job.publishes(step) else ()
        for build in find_build_steps(job.job, job.workflow, (here,), publishing):
            yield Location(step.file, here.line, here.line), build.tool
        inside = lifecycle_build(here, job.job, job.workflow, snapshot.followed_files) if publishing else None
        if inside is not None:
            yield Location(step.file, here.line, here.line), inside


def _finding(job: PathJob, builds: list[tuple[Location, str]], snapshot: Snapshot) -> Finding:
    return Finding(
        location=builds[0][0],
        message=(
            f"builds ({join_names(what for _, what in builds)}) in the job that publishes to "
            f"{registry_names(job.publications, snapshot.registries)}, so code that the build runs can read the credential"
        ),
        fix=_fix(job.job.id, {what for _, what in builds}),
    )


def _fix(job: str, builds: set[str]) -> str:
    """Say how to part the build from publishing; crates.io takes no artifact of another job, so cargo is told not to compile."""
    if builds == {CARGO_PUBLISH}:
        return (
            f"Build and test in another job without the credential, which {job} needs. "
            "Publish with `cargo publish --no-verify`, which compiles nothing."
        )
    cargo = " with `cargo publish --no-verify`" if CARGO_PUBLISH in builds else ""
    return (
        "Move checkout, installation and build to another job that uploads the result as an artifact. "
        f"Let {job} need that job, download the artifact and publish it{cargo}."
    )
