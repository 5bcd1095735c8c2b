"""What GitHub calls the jobs and steps of a run, told from the workflow file: the only way from a publication to what ran."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import PurePosixPath

from bot.detection import Publication
from bot.detection.steps import local_uses_path
from bot.tracing.traces import CommitPublications, JobRun, StepRun
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
