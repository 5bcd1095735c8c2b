"""What is known of a run when it is known which event started it: what an `if:` may compare, and who can cause it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.workflows.expressions import possible_values, scope_of, truth
from bot.workflows.model import Job, Step, Text, Trigger, Workflow

# What happens when `types` is not written, and which context a run gets.
# Source: docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows, 2026-11.
_PULL = ("opened", "synchronize", "reopened")
_DEFAULT_TYPES: Mapping[str, tuple[str, ...]] = {"pull_request": _PULL, "pull_request_target": _PULL}

# With one of these in its condition a job runs also where a job that it needs did not.
_ASKS_HOW = re.compile(r"\b(?:always|failure|cancelled)\s*\(", re.IGNORECASE)

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
        known["event.repository.default_branch"] = ("main", "master", "develop")  # whichever: it is none of the above
    elif trigger.event in _ON_BRANCH:
        known["ref_type"] = ("branch",)
    if trigger.event not in ("pull_request", "pull_request_target"):
        known["head_ref"] = ("",)
    return known


def may_run(workflow: Workflow, trigger: Trigger, job: Job, conditions: Sequence[Text] = ()) -> bool:
    """Whether a job may run, and a step in it with these conditions, when this trigger starts the workflow.

    Only a condition that surely does not hold says no, of the job or of one that it needs, unless it asks how those ended.
    `workflow` is the one that holds the job, which the trigger's own workflow may have called: a called workflow sees the
    event of its caller.
    """
    scope = replace(scope_of(workflow, job), github=github_in(trigger))
    if any(truth(condition.value, scope) is False for condition in conditions):
        return False
    seen: set[str] = set()
    waiting = [job]
    while waiting:
        one = waiting.pop()
        said = "" if one.condition is None else one.condition.value
        scope = replace(scope_of(workflow, one), github=github_in(trigger))
        if said and truth(said, scope) is False:
            return False
        if not _ASKS_HOW.search(said):
            new = [name for name in one.needs if name in workflow.jobs and name not in seen]
            seen.update(new)
            waiting += [workflow.jobs[name] for name in new]
    return True


def may_send(workflow: Workflow, trigger: Trigger, job: Job, step: Step) -> bool:
    """Whether the input `push`, by which build actions send what they made, can be other than false in such a run."""
    given = step.inputs.get("push")
    if given is None:
        return True
    scope = replace(scope_of(workflow, job, step), github=github_in(trigger))
    values = possible_values(given.value, scope)
    return values is None or any(value.strip().lower() not in ("false", "") for value in values)
