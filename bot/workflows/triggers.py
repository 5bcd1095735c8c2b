"""Reads workflow triggers and inputs, and decides which jobs can run for an event."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from bot.workflows.expressions import context_values, evaluate_condition, possible_values
from bot.workflows.fields import extend_path, read_text, reject_shape, require_mapping, require_scalar, source_text
from bot.workflows.workflow import Input, Job, SourceText, SourceTexts, Step, Trigger, Workflow
from bot.yaml import YamlMapping, YamlNode, YamlScalar, YamlSequence


def read_triggers(node: YamlNode | None) -> dict[str, Trigger]:
    """Read `on:` as one event, a list of events, or a mapping of events to filters."""
    if node is None:
        return {}
    if isinstance(node, YamlScalar):
        return {node.value: Trigger(node.value, node.line)}
    if isinstance(node, YamlSequence):
        events = [require_scalar(item, "on") for item in node.items]
        return {event.value: Trigger(event.value, event.line) for event in events}
    return {
        event: Trigger(event, node.keys[event].line, _read_filters(value, event))
        for event, value in node.values.items()
    }


def read_call_secrets(on: YamlNode | None) -> tuple[str, ...]:
    """Give the names of the secrets that `workflow_call` declares."""
    secrets = _event_mapping(on, "workflow_call", "secrets")
    return () if secrets is None else tuple(secrets.values)


def read_call_outputs(on: YamlNode | None) -> SourceTexts:
    """Give the values of the outputs that `workflow_call` declares."""
    return read_outputs(_event_mapping(on, "workflow_call", "outputs"), "on.workflow_call.outputs")


def read_outputs(node: YamlNode | None, field_path: str) -> SourceTexts:
    """Give the `value:` of each output of a reusable workflow or composite action."""
    outputs: dict[str, SourceText] = {}
    for key, fields in () if node is None else require_mapping(node, field_path).values.items():
        value = read_text(fields, "value", extend_path(field_path, key)) if isinstance(fields, YamlMapping) else None
        if value is not None:
            outputs[key] = value
    return outputs


def read_trigger_inputs(on: YamlNode | None) -> dict[str, Input]:
    """Give the inputs of `workflow_call` and `workflow_dispatch` together, for both are read as `inputs.name`."""
    inputs: dict[str, Input] = {}
    for event in ("workflow_call", "workflow_dispatch"):
        for key, found in read_inputs(_event_mapping(on, event, "inputs"), f"on.{event}.inputs").items():
            inputs[key] = _merge_inputs(inputs[key], found) if key in inputs else found
    return inputs


def read_inputs(node: YamlNode | None, field_path: str) -> dict[str, Input]:
    """Read `inputs:` of an event or an action."""
    return {} if node is None else dict(_read_each_input(require_mapping(node, field_path), field_path))


def _read_each_input(node: YamlMapping, field_path: str) -> Iterable[tuple[str, Input]]:
    for key, value in node.values.items():
        if isinstance(value, YamlScalar) and value.is_null:
            yield key, Input(key, default=None, required=False)
            continue
        fields = require_mapping(value, extend_path(field_path, key))
        default = read_text(fields, "default", extend_path(field_path, key))
        kind = read_text(fields, "type", extend_path(field_path, key))
        required = read_text(fields, "required", extend_path(field_path, key))
        yield (
            key,
            Input(
                key,
                default=None if default is None else default.value,
                required=required is not None and required.value.lower() == "true",
                options=_scalar_values(fields.get("options")),
                kind="string" if kind is None else kind.value,
            ),
        )


def _merge_inputs(one: Input, other: Input) -> Input:
    """Join two declarations of one input: what only one of them promises does not hold."""
    same = one.kind == other.kind and one.options == other.options
    return Input(
        one.name,
        default=other.default if one.default is None else one.default,
        required=one.required and other.required,
        options=one.options if same else (),
        kind=one.kind if same else "string",
    )


def _read_filters(node: YamlNode, event: str) -> dict[str, tuple[str, ...]]:
    if isinstance(node, YamlScalar):
        if not node.is_null:
            reject_shape(extend_path("on", event), "empty or a mapping of filters", node)
        return {}
    if isinstance(node, YamlSequence):  # schedule: a list of {cron: …, timezone: …}
        entries = [require_mapping(item, extend_path("on", event)) for item in node.items]
        keys = dict.fromkeys(key for entry in entries for key in entry.values)
        return {key: tuple(v for entry in entries for v in _scalar_values(entry.get(key))) for key in keys}
    return {key: _scalar_values(value) for key, value in node.values.items() if not isinstance(value, YamlMapping)}


def _scalar_values(node: YamlNode | None) -> tuple[str, ...]:
    """Give the single values of a list, or of one value alone; what else stands there is no filter."""
    items = node.items if isinstance(node, YamlSequence) else (node,)
    return tuple(source_text(item).value for item in items if isinstance(item, YamlScalar))


def _event_mapping(on: YamlNode | None, event: str, key: str) -> YamlMapping | None:
    """Give the mapping at on.EVENT.KEY, when there is one."""
    fields = on.get(event) if isinstance(on, YamlMapping) else None
    node = fields.get(key) if isinstance(fields, YamlMapping) else None
    return None if node is None else require_mapping(node, extend_path("on", event, key))


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
    if trigger.ref is not None:
        kind, _, name = trigger.ref.removeprefix("refs/").partition("/")
        known |= {"ref": (trigger.ref,), "ref_name": (name,), "ref_type": ("tag" if kind == "tags" else "branch",)}
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
