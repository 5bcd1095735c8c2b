"""What is known of a run when it is known which event started it: what an `if:` may compare, and who can cause it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.workflows.expressions import possible_values, scope_of, truth
from bot.workflows.model import Job, Step, Text, Trigger, Workflow

# What happens when `types` is not written, and which context a run gets.
# Source: docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows, 2026-11.
_PULL = ("opened", "synchronize", "reopened")
_DEFAULT_TYPES: Mapping[str, tuple[str, ...]] = {"pull_request": _PULL, "pull_request_target": _PULL}

# Events that run at a branch's commit: their ref is never a tag.
_ON_BRANCH = frozenset({"workflow_run", "issue_comment", "issues", "schedule", "pull_request_target", "discussion"})


def github_in(trigger: Trigger) -> Mapping[str, tuple[str, ...]]:
    """Give what is known of the `github` context in runs that this trigger starts, by key in small letters."""
    known: dict[str, tuple[str, ...]] = {"event_name": (trigger.event,)}
    types = trigger.filters.get("types", _DEFAULT_TYPES.get(trigger.event, ()))
    if types:
        known["event.action"] = types
    if trigger.event == "pull_request":
        # The number does not matter: no name that a condition asks for looks like this.
        known |= {"ref": ("refs/pull/1/merge",), "ref_name": ("1/merge",), "ref_type": ("branch",)}
    elif trigger.event in _ON_BRANCH:
        known["ref_type"] = ("branch",)
    if trigger.event not in ("pull_request", "pull_request_target"):
        known["head_ref"] = ("",)
    return known


def may_run(workflow: Workflow, trigger: Trigger, job: Job, conditions: Sequence[Text] = ()) -> bool:
    """Whether a job may run, and a step in it with these conditions, when this trigger starts the workflow.

    Only a condition that surely does not hold says no. `workflow` is the one that holds the job, which the trigger's own
    workflow may have called: a called workflow sees the event of its caller.
    """
    scope = replace(scope_of(workflow, job), github=github_in(trigger))
    own = () if job.condition is None else (job.condition,)
    return all(truth(condition.value, scope) is not False for condition in (*own, *conditions))


def may_send(workflow: Workflow, trigger: Trigger, job: Job, step: Step) -> bool:
    """Whether the input `push`, by which build actions send what they made, can be other than false in such a run."""
    given = step.inputs.get("push")
    if given is None:
        return True
    scope = replace(scope_of(workflow, job, step), github=github_in(trigger))
    values = possible_values(given.value, scope)
    return values is None or any(value.strip().lower() not in ("false", "") for value in values)
