"""Workflows and their jobs, called by whom they are called, as scenes for their steps."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from bot.detection.actions import ActionUse, apply_action
from bot.detection.heuristics import OpaqueStep, guess_candidates
from bot.detection.job_state import Value, Values, literal_value, unknown_value
from bot.detection.publication import Publication
from bot.detection.resolve import is_always_false, resolve_text
from bot.detection.scene import MAX_DEPTH, JobContext, JobState, SearchedRepository, StepScope
from bot.detection.steps import DefaultShell, FoundPublication, find_in_step, local_uses_path, resolve_env, walk_steps
from bot.model.core_types import Confidence
from bot.registries import action_name
from bot.workflows import Job, Permissions, Step, Workflow
from bot.workflows.shells import effective_shell

# Images of registries that a job runs beside itself to test against.
_TEST_REGISTRY_IMAGE = re.compile(
    r"(?:\S*/)?(?:registry|verdaccio|devpi\S*|pypiserver|gitea|chartmuseum|nexus3?|zot\S*)(?:[:@]|$)"
)


@dataclass(frozen=True, slots=True)
class WorkflowCall:
    """How a workflow is started: by an event (the default), or by a calling job that hands inputs, secrets and rights on."""

    inputs: Mapping[str, Value] | None = None  # by lower-case name
    secrets: Mapping[str, Value] | None = None  # by upper-case name; None: as the repository holds them
    permissions: tuple[Permissions | None, ...] = ()  # of the calling jobs, outermost first
    caller_known: bool = True  # False: a reusable workflow whose caller is out of sight
    via: tuple[str, ...] = ()
    depth: int = 0


def walk_workflows(repository: SearchedRepository) -> Iterator[Publication]:
    """Yield every publication of every workflow: each for itself where an event starts it, else as its callers call it."""
    called = {path for workflow in repository.workflows.values() for path in _callees(workflow, repository)}
    for path, workflow in repository.workflows.items():
        own = any(event != "workflow_call" for event in workflow.triggers)
        if own or not workflow.triggers:
            yield from _walk_workflow(repository, workflow, WorkflowCall())
        elif path not in called:
            yield from _walk_workflow(repository, workflow, WorkflowCall(caller_known=False))


def _callees(workflow: Workflow, repository: SearchedRepository) -> Iterator[str]:
    for job in workflow.jobs.values():
        path = local_uses_path(job.uses.value) if job.uses else None
        if path is not None and path in repository.workflows:
            yield path


def _walk_workflow(
    repository: SearchedRepository, workflow: Workflow, workflow_call: WorkflowCall
) -> Iterator[Publication]:
    needs: dict[str, Values] = {}
    for job in _jobs_in_order(workflow):
        outer = _job_scope(workflow, job, workflow_call, needs)
        if job.condition is not None and is_always_false(job.condition.value, outer):
            continue
        place = _job_context(workflow, job, workflow_call)
        scene = JobState(repository, place, outer)
        if job.uses is not None:
            yield from _walk_called_workflow(scene, workflow, job, workflow_call)
            continue
        scene = scene.enter_step(resolve_env(workflow.env, scene))
        scene = scene.enter_step(resolve_env(job.env, scene))
        scene = scene.enter_step(resolve_env(job.container_env, scene))
        after, found = walk_steps(scene, job.steps, _default_shell(workflow, job))
        needs[job.id] = {name: resolve_text(text.value, after.scope) for name, text in job.outputs.items()}
        yield from _drop_redundant_guesses(found)


def _drop_redundant_guesses(found: list[FoundPublication]) -> Iterator[Publication]:
    """Leave out what a borrowed credential made us guess, where the same job surely publishes with it."""
    sure = {each.publication.registry for each in found if each.publication.confidence is not Confidence.LOW}
    for publication, borrowed in found:
        if not (borrowed and publication.registry in sure):
            yield publication


def _jobs_in_order(workflow: Workflow) -> list[Job]:
    """Give the jobs, each behind those it needs; a circle, which GitHub refuses, stays in the file's order."""
    ordered: dict[str, Job] = {}
    waiting = dict(workflow.jobs)
    while waiting:
        ready = [job for job in waiting.values() if not any(each in waiting for each in job.needs)] or list(
            waiting.values()
        )
        for job in ready:
            ordered[job.id] = waiting.pop(job.id)
    return list(ordered.values())


def _job_scope(workflow: Workflow, job: Job, workflow_call: WorkflowCall, needs: Mapping[str, Values]) -> StepScope:
    inputs = workflow_call.inputs
    if inputs is None and workflow.inputs:
        inputs = {
            name.lower(): _open_input(name, each.options, each.default, each.kind)
            for name, each in workflow.inputs.items()
        }
    return StepScope(inputs=inputs, secrets=workflow_call.secrets, needs=needs, matrix=job.matrix)


def _open_input(name: str, options: tuple[str, ...], default: str | None, kind: str) -> Value:
    """Say what a person or a caller may give to an input that nobody gives in sight."""
    if kind == "boolean":
        return Value(("true", "false"))
    if options:
        return Value(options[:16])
    open_value = unknown_value(f"inputs.{name}")
    return literal_value(default) | open_value if default else open_value


def _job_context(workflow: Workflow, job: Job, workflow_call: WorkflowCall) -> JobContext:
    blocks = (*workflow_call.permissions, job.permissions or workflow.permissions)
    return JobContext(
        file=workflow.path,
        job_id=job.id,
        environment=job.environment.value if job.environment else None,
        id_token=_id_token_allowed(blocks, caller_known=workflow_call.caller_known),
        can_write_packages=_may_write(blocks, "packages"),
        can_write_contents=_may_write(blocks, "contents"),
        via=workflow_call.via,
        depth=workflow_call.depth,
        has_test_registry=any(
            _TEST_REGISTRY_IMAGE.match(each.image.value) for each in job.services.values() if each.image
        ),
    )


def _id_token_allowed(blocks: tuple[Permissions | None, ...], *, caller_known: bool) -> bool | None:
    """Whether the job may ask for an OIDC token; a called workflow never has more than its callers grant.

    Without a block the repository's default holds, which never includes `id-token`; a called job without one has its caller's.
    """
    *callers, own = blocks
    if own is None and not callers:
        return False if caller_known else None
    granted = all(block is not None and block.level("id-token") == "write" for block in callers)
    return granted and (own is None or own.level("id-token") == "write")


def _may_write(blocks: tuple[Permissions | None, ...], scope: str) -> bool:
    return all(block is None or block.level(scope) == "write" for block in blocks)


def _default_shell(workflow: Workflow, job: Job) -> DefaultShell:
    directory = job.default_working_directory or workflow.default_working_directory
    return DefaultShell(effective_shell(workflow, job), directory.value if directory else "")


def _walk_called_workflow(
    state: JobState, workflow: Workflow, job: Job, workflow_call: WorkflowCall
) -> Iterator[Publication]:
    """Follow a call of a reusable workflow of this repository."""
    path = local_uses_path(job.uses.value) if job.uses else None
    callee = state.repository.workflows.get(path) if path else None
    if callee is None:
        if path is not None:
            state.repository.files.read(path)
        yield from _guess_called_workflow(state, job)
        return
    if workflow_call.depth >= MAX_DEPTH:
        reason = f"its workflows call each other more than {MAX_DEPTH} deep; the last were not looked into"
        state.repository.budget.add_note(workflow.path, job.uses_line, reason)
        return
    if not state.repository.budget.may_follow(workflow.path, 10 * len(callee.lines)):
        return
    given = {name.lower(): resolve_text(text.value, state.scope) for name, text in job.inputs.items()}
    defaults = {name.lower(): literal_value(each.default or "") for name, each in callee.inputs.items()}
    secrets = workflow_call.secrets
    if job.secrets != "inherit":
        secrets = {name.upper(): resolve_text(text.value, state.scope) for name, text in job.secrets.items()}
    inner = WorkflowCall(
        inputs={**defaults, **given},
        secrets=secrets,
        permissions=(*workflow_call.permissions, job.permissions or workflow.permissions),
        via=(*workflow_call.via, f"{workflow.path}:{job.id}"),
        depth=workflow_call.depth + 1,
    )
    yield from _walk_workflow(state.repository, callee, replace(inner, caller_known=workflow_call.caller_known))


def _guess_called_workflow(state: JobState, job: Job) -> Iterator[Publication]:
    """Report a call of a workflow that is not at hand at the calling job, by what is handed to it."""
    if job.uses is None:
        return
    name = action_name(job.uses.value)
    given = {key: resolve_text(text.value, state.scope) for key, text in job.inputs.items()}
    if job.secrets != "inherit":
        given |= {key: resolve_text(text.value, state.scope) for key, text in job.secrets.items()}
    line = job.uses_line or job.line
    step = Step(index=0, line=line, end_line=line, start_line=line, uses=job.uses, inputs=job.inputs)
    use = ActionUse(name, {key.lower(): value for key, value in given.items()}, {}, given)
    known = apply_action(state, step, use)
    title = job.name.value if job.name else ""
    sent = (
        known[1].candidates if known else guess_candidates(state, OpaqueStep(name, title, given, name, kind="workflow"))
    )
    for each in find_in_step(state.job, step, sent):
        yield replace(each.publication, step=None)
