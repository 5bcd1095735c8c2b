"""Which step of which run sent a version, or was to: the candidates, the likeliest first."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from bot.detection import Publication
from bot.model.core_types import RegistryId
from bot.tracing.model import Sent
from bot.tracing.publish_steps import Place, is_at, job_fits, places, step_of
from bot.tracing.traces import SUCCESS, JobRan, Plan, Ran

# A registry's clock and GitHub's differ by seconds. A registry may take minutes to show what it was sent: npm looks for malware
# first, Maven Central validates.
EARLY, LATE = timedelta(minutes=1), timedelta(minutes=10)


def sendings(ran: Ran, plan: Plan, registry: RegistryId, attempt: int | None = None) -> tuple[Sent, ...]:
    """Find the steps of a run that publish to a registry; a step that did not come to run is among them, without its job.

    `attempt` narrows it to one attempt, where a certificate names it.
    """
    found = [
        (publication, place)
        for place in places(ran.workflow, plan)
        for publication in plan.publications
        if publication.registry == registry and is_at(publication, place, plan)
    ]
    jobs = tuple(job for job in ran.jobs if attempt is None or job.attempt == attempt)
    return tuple(sent for publication, place in found for sent in _sent(ran, plan, publication, place, jobs))


def succeeded(sent: Sent) -> bool:
    """Whether the step did what it is for. Of a called workflow that is out of sight only the job can be known."""
    if sent.step is not None:
        return sent.step.conclusion == SUCCESS
    if sent.job is None or sent.job.conclusion != SUCCESS:
        return False
    # Which step it was cannot be told: then all have to have succeeded.
    return sent.publication.step is None or _all_succeeded(sent.job)


def ended(sent: Sent) -> bool:
    """Whether it is certain what became of the step."""
    return sent.run.over or bool(sent.job and sent.job.conclusion) or bool(sent.step and sent.step.conclusion)


def at_the_time(sent: Sent, published: datetime | None, *, or_before: bool = False) -> bool:
    """Whether the job ran when the version appeared, `or_before`; where the registry does not say when that was, it may have."""
    if published is None:
        return True
    if sent.job is None or sent.job.started is None:
        return False
    start = (sent.step and sent.step.started) or sent.job.started
    end = sent.job.completed
    return start - EARLY <= published and (end is None or or_before or published <= end + LATE)


def told(sent: Sent) -> str:
    """Name the step with its job, as people find them on the page of the run."""
    name = sent.job.name if sent.job else sent.publication.job
    return f"the step “{sent.step.name}” of the job “{name}”" if sent.step else f"the job “{name}”"


def became(sent: Sent) -> str:
    """Say what became of the step: "was skipped"."""
    conclusion = sent.step.conclusion if sent.step else sent.job.conclusion if sent.job else ""
    match conclusion:
        case "success":
            return "succeeded"
        case "failure":
            return "failed"
        case "skipped" | "cancelled":
            return f"was {conclusion}"
        case "":
            return "never ran" if sent.run.over else "has not ended"
        case _:
            return f"ended as {conclusion}"


def _sent(ran: Ran, plan: Plan, publication: Publication, place: Place, jobs: tuple[JobRan, ...]) -> Iterator[Sent]:
    fitting = [job for job in jobs if job_fits(job, place)]
    for job in fitting:
        yield Sent(publication, replace(ran, jobs=(job,)), job, step_of(publication, place, plan, job))
    if not fitting:
        yield Sent(publication, replace(ran, jobs=()), None, None)


def _all_succeeded(job: JobRan) -> bool:
    return bool(job.steps) and all(step.conclusion == SUCCESS for step in job.steps)
