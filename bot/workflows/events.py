"""What is known of a run when it is known which event started it: what an `if:` may compare, and who can cause it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.workflows.expressions import context_values, evaluate_condition, possible_values
from bot.workflows.workflow import Job, SourceText, Step, Trigger, Workflow

# What happens when `types` is not written, and which context a run gets.
# Source: docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows, 2026-11.
_PULL_REQUEST_TYPES = ("opened", "synchronize", "reopened")
_DEFAULT_TYPES: Mapping[str, tuple[str, ...]] = {
    "pull_request": _PULL_REQUEST_TYPES,
    "pull_request_target": _PULL_REQUEST_TYPES,
}

# With one of these in its condition a job runs also where a job that it needs did not.
_STATUS_FUNCTIONS = re.compile(r"\b(?:always|failure|cancelled)\s*\(", re.IGNORECASE)

# Events that run at a branch's commit: their ref is never a tag.
_BRANCH_EVENTS = frozenset({"workflow_run", "issue_comment", "issues", "schedule", "pull_request_target", "discussion"})


def github_context(trigger: Trigger) -> Mapping[str, tuple[str, ...]]:
    """Give what is known of the `github` context in runs that this trigger starts, by key in small letters."""
    known: dict[str, tuple[str, ...]] = {"event_name": (trigger.event,)}
    types = trigger.filters.get("types", _DEFAULT_TYPES.get(trigger.event, ()))
    if types:
        known["event.action"] = types
    if trigger.event == "pull_request":
        # The number does not matter: no name that a condition asks for looks like this.
        known |= {"ref": ("refs/pull/1/merge",), "ref_name": ("1/merge",), "ref_type": ("branch",)}
        known["event.repository.default_branch"] = ("main", "master", "develop")  # whichever: it is none of the above
    elif trigger.event in _BRANCH_EVENTS:
        known["ref_type"] = ("branch",)
    if trigger.event not in ("pull_request", "pull_request_target"):
        known["head_ref"] = ("",)
    return known


def jobs_that_may_run(workflow: Workflow, trigger: Trigger) -> frozenset[str]:
    """Name the jobs of a workflow that may run when this trigger starts it, or the workflow that calls it.

    Only a condition that surely does not hold says no, of the job or of one that it needs, unless it asks how those ended.
    A called workflow sees the event of its caller.
    """
    needing: dict[str, list[Job]] = {}
    for job in workflow.jobs.values():
        for name in job.needs:
            needing.setdefault(name, []).append(job)
    off: set[str] = set()
    waiting = [job for job in workflow.jobs.values() if not _condition_may_hold(workflow, trigger, job, job.condition)]
    while waiting:
        job = waiting.pop()
        if job.id not in off:
            off.add(job.id)
            waiting += [each for each in needing.get(job.id, ()) if not _checks_status(each)]
    return frozenset(workflow.jobs.keys() - off)


def step_may_run(workflow: Workflow, trigger: Trigger, job: Job, conditions: Sequence[SourceText]) -> bool:
    """Whether a step of a job that runs may be reached: none of its conditions is surely false."""
    return all(_condition_may_hold(workflow, trigger, job, condition) for condition in conditions)


def _condition_may_hold(workflow: Workflow, trigger: Trigger, job: Job, condition: SourceText | None) -> bool:
    if condition is None:
        return True
    return (
        evaluate_condition(condition.value, replace(context_values(workflow, job), github=github_context(trigger)))
        is not False
    )


def _checks_status(job: Job) -> bool:
    return job.condition is not None and _STATUS_FUNCTIONS.search(job.condition.value) is not None


def may_push(workflow: Workflow, trigger: Trigger, job: Job, step: Step) -> bool:
    """Whether the input `push`, by which build actions send what they made, can be other than false in such a run."""
    given = step.inputs.get("push")
    if given is None:
        return True
    scope = replace(context_values(workflow, job, step), github=github_context(trigger))
    values = possible_values(given.value, scope)
    return values is None or any(value.strip().lower() not in ("false", "") for value in values)
