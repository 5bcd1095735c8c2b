"""Finds the jobs and steps of a workflow run that published a version or should have."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import product
from pathlib import PurePosixPath

from bot.detection import Publication
from bot.detection.steps import local_uses_path
from bot.model.core_types import RegistryId
from bot.tracing.traces import SUCCESS, CommitPublications, JobRun, PublishStepRun, StepRun, WorkflowRun
from bot.workflows import Job, Step

MAX_JOBS = 2_000  # of one run, by its files: each call multiplies them
MAX_CALL_DEPTH = 4  # workflows that call each other: GitHub allows no more levels
_EXPRESSION = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)
# Steps that the runner adds: github.com/actions/runner, src/Runner.Worker/JobExtension.cs, as of 2026-11.
_RUNNER_STEPS = re.compile(
    r"Set up job|Set up runner|Complete job|Initialize containers|Stop containers|(?:Pre|Post) .*"
)
_MATRIX_SUFFIXES = (
    "",
    " (${{ matrix }})",
)  # what GitHub adds to the name of a job of a matrix, unless the name has it already


@dataclass(frozen=True, slots=True)
class ReachableJob:
    """A job as a run of a workflow comes to it; `names` are those of the calling jobs and its own, as they are written."""

    path: str
    job: Job
    names: tuple[str, ...]


def reachable_jobs(workflow: str, commit: CommitPublications) -> Iterator[ReachableJob]:
    """Yield every job that a run of a workflow may come to, those of called workflows of the repository included."""
    waiting: list[tuple[str, tuple[str, ...]]] = [(workflow, ())]
    looked = 0
    while waiting and looked < MAX_JOBS:
        path, outer = waiting.pop()
        found = commit.workflows.get(path)
        for job in found.jobs.values() if found is not None else ():
            looked += 1
            names = (*outer, job.name.value if job.name else job.id)
            callee = local_uses_path(job.uses.value) if job.uses else None
            if callee is None:
                yield ReachableJob(path, job, names)
            elif len(names) <= MAX_CALL_DEPTH:
                waiting.append((callee, names))


def publishes_in_job(publication: Publication, reachable: ReachableJob, commit: CommitPublications) -> bool:
    """Whether a publication is one of a job's; a composite action's publications are those of the job that uses it."""
    return publication.job == reachable.job.id and _call_chain(publication, commit)[0] == reachable.path


def job_matches(job_run: JobRun, reachable: ReachableJob) -> bool:
    """Whether a job that ran may be this one. Expressions in names stand for any text, and a matrix adds its values."""
    written = list(reachable.names)
    if reachable.job.uses is not None:  # a workflow of another repository: what it calls its jobs is not in sight
        written.append("${{ any }}")
    ends = product(_MATRIX_SUFFIXES if "(" in job_run.name else _MATRIX_SUFFIXES[:1], repeat=len(written))
    return any(
        name_matches(job_run.name, " / ".join(f"{each}{end}" for each, end in zip(written, added, strict=True)))
        for added in ends
    )


def name_matches(name: str, template: str) -> bool:
    """Whether a name may be what GitHub made of a written one, whose expressions stand for any text. Linear in its length."""
    first, *rest = _EXPRESSION.split(template)
    if not rest:
        return name == template
    if not name.startswith(first) or not name.endswith(rest[-1]) or len(name) < len(first) + len(rest[-1]):
        return False
    at, end = len(first), len(name) - len(rest[-1])
    for part in rest[:-1]:
        found = name.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def find_step_run(
    publication: Publication, reachable: ReachableJob, commit: CommitPublications, job_run: JobRun
) -> StepRun | None:
    """Return the step of a job that ran which is a publication's; None where it cannot be told."""
    step = _workflow_step(publication, reachable, commit)
    if step is None:
        return None
    own = [each for each in job_run.steps if not _RUNNER_STEPS.fullmatch(each.name)]
    title = step_title(step)
    if len(own) == len(reachable.job.steps) and name_matches(own[step.index].name, title):
        return own[step.index]
    alike = [each for each in reachable.job.steps if step_title(each) == title]
    fitting = [each for each in job_run.steps if name_matches(each.name, title)]
    if len(fitting) != len(alike):
        return fitting[0] if len(fitting) == 1 else None
    return fitting[alike.index(step)]


def step_title(step: Step) -> str:
    """Return what GitHub calls a step, expressions as they are written."""
    if step.name is not None:
        return step.name.value
    if step.uses is not None:
        return f"Run {step.uses.value}"
    return f"Run {step.run.value.strip().splitlines()[0]}" if step.run and step.run.value.strip() else "Run"


def _workflow_step(publication: Publication, reachable: ReachableJob, commit: CommitPublications) -> Step | None:
    """Return the step of the job that publishes, or that uses the composite action which does."""
    _, *inner = _call_chain(publication, commit)
    if inner:
        folder = str(PurePosixPath(inner[0]).parent)
        return next(
            (each for each in reachable.job.steps if each.uses and local_uses_path(each.uses.value) == folder), None
        )
    if publication.step is None or publication.step >= len(reachable.job.steps):
        return None
    return reachable.job.steps[publication.step]


def _call_chain(publication: Publication, commit: CommitPublications) -> tuple[str, ...]:
    """Return the workflow whose job publishes, and the actions that lead from there to the publication's own lines."""
    end = f":{publication.job}"
    called = [each.removesuffix(end) for each in publication.via if each.endswith(end)]
    paths = [*called, publication.file]
    last = max((at for at, path in enumerate(paths) if path in commit.workflows), default=len(paths) - 1)
    return tuple(paths[last:])


# A registry's clock and GitHub's differ by seconds. A registry may take minutes to show what it was sent: npm looks for malware
# first, Maven Central validates.
CLOCK_TOLERANCE, REGISTRY_DELAY = timedelta(minutes=1), timedelta(minutes=10)


def publish_step_runs(
    run: WorkflowRun, commit: CommitPublications, registry: RegistryId, attempt: int | None = None
) -> tuple[PublishStepRun, ...]:
    """Find the steps of a run that publish to a registry; a step that did not come to run is among them, without its job.

    `attempt` narrows it to one attempt, where a certificate names it.
    """
    found = [
        (publication, place)
        for place in reachable_jobs(run.workflow, commit)
        for publication in commit.publications
        if publication.registry == registry and publishes_in_job(publication, place, commit)
    ]
    jobs = tuple(job for job in run.jobs if attempt is None or job.attempt == attempt)
    return tuple(
        step_run for publication, place in found for step_run in _match_job_runs(run, commit, publication, place, jobs)
    )


def succeeded(step_run: PublishStepRun) -> bool:
    """Whether the step did what it is for. Of a called workflow that is out of sight only the job can be known."""
    if step_run.step is not None:
        return step_run.step.conclusion == SUCCESS
    if step_run.job is None or step_run.job.conclusion != SUCCESS:
        return False
    # Which step it was cannot be told: then all have to have succeeded.
    return step_run.publication.step is None or _all_steps_succeeded(step_run.job)


def ended(step_run: PublishStepRun) -> bool:
    """Whether it is certain what became of the step."""
    return (
        step_run.run.is_completed
        or bool(step_run.job and step_run.job.conclusion)
        or bool(step_run.step and step_run.step.conclusion)
    )


def ran_when_published(step_run: PublishStepRun, published: datetime | None, *, or_before: bool = False) -> bool:
    """Whether the job ran when the version appeared, `or_before`; where the registry does not say when that was, it may have."""
    if published is None:
        return True
    if step_run.job is None or step_run.job.started_at is None:
        return False
    start = (step_run.step and step_run.step.started_at) or step_run.job.started_at
    end = step_run.job.completed_at
    return start - CLOCK_TOLERANCE <= published and (end is None or or_before or published <= end + REGISTRY_DELAY)


def describe_step(step_run: PublishStepRun) -> str:
    """Name the step with its job, as people find them on the page of the run."""
    name = step_run.job.name if step_run.job else step_run.publication.job
    return f"the step “{step_run.step.name}” of the job “{name}”" if step_run.step else f"the job “{name}”"


def describe_outcome(step_run: PublishStepRun) -> str:
    """Say what became of the step: "was skipped"."""
    conclusion = step_run.step.conclusion if step_run.step else step_run.job.conclusion if step_run.job else ""
    match conclusion:
        case "success":
            return "succeeded"
        case "failure":
            return "failed"
        case "skipped" | "cancelled":
            return f"was {conclusion}"
        case "":
            return "never ran" if step_run.run.is_completed else "has not ended"
        case _:
            return f"ended as {conclusion}"


def _match_job_runs(
    run: WorkflowRun,
    commit: CommitPublications,
    publication: Publication,
    reachable: ReachableJob,
    jobs: tuple[JobRun, ...],
) -> Iterator[PublishStepRun]:
    fitting = [job for job in jobs if job_matches(job, reachable)]
    for job in fitting:
        yield PublishStepRun(
            publication, replace(run, jobs=(job,)), job, find_step_run(publication, reachable, commit, job)
        )
    if not fitting:
        yield PublishStepRun(publication, replace(run, jobs=()), None, None)


def _all_steps_succeeded(job: JobRun) -> bool:
    return bool(job.steps) and all(step.conclusion == SUCCESS for step in job.steps)
