"""Which step of which run sent a version, or was to: the candidates, the likeliest first."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from bot.detection import Publication
from bot.model.core_types import RegistryId
from bot.tracing.model import PublishStepRun
from bot.tracing.publish_steps import ReachableJob, find_step_run, job_matches, publishes_in_job, reachable_jobs
from bot.tracing.traces import SUCCESS, CommitPublications, JobRun, WorkflowRun

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
        sent for publication, place in found for sent in _match_job_runs(run, commit, publication, place, jobs)
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
