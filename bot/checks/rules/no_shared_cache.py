"""Judges whether published packages are built without caches that other runs can fill."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import ClassVar

from bot.checks.check import Rule, StricterWhen
from bot.detection.publish_path import PathJob, PathRole, describe_path_job, publish_path
from bot.model.core_types import RuleName, Severity
from bot.model.findings import Finding, Location, Unknown
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import Job, Step, Workflow
from bot.workflows.caches import CacheRestore, cache_restores
from bot.workflows.expressions import context_values, known_values


@dataclass(frozen=True, slots=True, kw_only=True)
class NoSharedCache(Rule):
    """Published packages are built without caches that other runs can fill.

    The rule covers the publishing job and each job whose artifact it publishes.
    """

    name: ClassVar[RuleName] = RuleName("no-shared-cache")
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
                for file, cache in _caches(job):
                    yield _cache_result(file, cache, job, snapshot)


def _caches(job: PathJob) -> Iterator[tuple[str, CacheRestore]]:
    """Find the caches of a job and of the local actions it uses, each with the file it stands in."""
    for step in job.steps:
        workflow = job.workflow if step.action is None else replace(job.workflow, inputs=step.action.inputs)
        if _never_runs(workflow, job.job, step.step) or _is_of_this_run(step.step):
            continue
        for cache in cache_restores(workflow, replace(job.job, steps=(step.step,))):
            yield step.file, cache


def _never_runs(workflow: Workflow, job: Job, step: Step) -> bool:
    """Whether a step's condition is false, whatever starts the job: `inputs.use-cache == 'true'` where the call gives `false`."""
    if step.condition is None:
        return False
    condition = step.condition.value.strip().removeprefix("${{").removesuffix("}}")
    return known_values(f"${{{{ {condition} }}}}", context_values(workflow, job, step)) == ("false",)


def _is_of_this_run(step: Step) -> bool:
    """Whether a cache is found by a run's own number, so that no other run fills it."""
    keys = [text.value for name in ("key", "restore-keys") if (text := step.inputs.get(name)) is not None]
    lines = [line for text in keys for line in text.split("\n") if line.strip()]
    return bool(lines) and all("github.run_id" in line for line in lines)


def _cache_result(file: str, cache: CacheRestore, job: PathJob, snapshot: Snapshot) -> Finding | Unknown:
    where = describe_path_job(job, snapshot.registries)
    if not cache.certain:
        return Unknown(
            fact=f"whether {cache.action} in {file}:{cache.step.line} restores a cache in {where}",
            reason=f"{cache.reason}; set the input in the workflow",
        )
    return Finding(
        location=Location(file, cache.step.line, cache.step.line),
        message=f"{cache.action} restores a cache in {where} that other runs can fill ({cache.reason})",
        fix="Turn the cache off in this job, so that no other run can put files into the release.",
    )
