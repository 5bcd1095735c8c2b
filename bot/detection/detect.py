"""Finds all publications of a repository by walking through its workflows, jobs and steps."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from bot.detection.actions import ActionUse, apply_action
from bot.detection.candidate import lowest_confidence
from bot.detection.file_cache import FileCache, SearchBudget
from bot.detection.heuristics import OpaqueStep, guess_candidates, looks_like_publishing
from bot.detection.job_state import (
    MAX_DEPTH,
    JobContext,
    JobState,
    SearchedRepository,
    StepScope,
    Value,
    Values,
    literal_value,
    unknown_value,
)
from bot.detection.publication import DetectionResult, Publication
from bot.detection.remote_files import MAX_CALL_LEVELS, RemoteCache, RemoteFile, RemoteFiles, remote_file
from bot.detection.resolve import is_always_false, resolve_text
from bot.detection.steps import (
    IDENTITY,
    DefaultShell,
    FoundPublication,
    RemoteCall,
    WalkedStep,
    find_in_step,
    local_uses_path,
    resolve_env,
    used_secrets,
    walk_steps,
)
from bot.detection.unexplained import StepTrace, trace_step, unexplained_credentials
from bot.model.core_types import Confidence, Credential
from bot.registries import Catalog, action_name
from bot.workflows import Action, Job, Permissions, Step, Workflow
from bot.workflows.graph import effective_shell

# Of two verdicts about the same step and registry, the one that asks for more care stands.
_WORST_FIRST = (
    Credential.HYBRID,
    Credential.LONG_LIVED,
    Credential.UNKNOWN,
    Credential.CLOUD_OIDC,
    Credential.GITHUB_TOKEN,
    Credential.OIDC,
    Credential.NONE,
)


def find_publications(
    workflows: Mapping[str, Workflow],
    actions: Mapping[str, Action],
    files: Mapping[str, str],
    catalog: Catalog,
    remote: RemoteFiles | None = None,
) -> DetectionResult:
    """Every publication of a repository, and the paths of further files that would be followed if they were at hand.

    `workflows` are by path, `actions` by folder, `files` by path from the root, `remote` is what was read of other
    repositories; each publication stands once for its step and registry. Pure: the same files give the same answer.
    """
    shelf, ledger, elsewhere = FileCache(files), SearchBudget(), RemoteCache(remote or RemoteFiles())
    walked = list(walk_workflows(SearchedRepository(workflows, actions, shelf, ledger, catalog, elsewhere)))
    publications = _merge_duplicates(each for each in walked if isinstance(each, Publication))
    traces = [each for each in walked if isinstance(each, StepTrace)]
    unexplained = tuple(dict.fromkeys(unexplained_credentials(traces, catalog)))
    return DetectionResult(
        publications=publications,
        missing_files=frozenset(shelf.missing),
        missing_remote_files=frozenset(elsewhere.missing),
        unreadable=ledger.unreadable,
        partially_read=ledger.partially_read,
        unexplained=unexplained,
    )


def _merge_duplicates(found: Iterable[Publication]) -> tuple[Publication, ...]:
    """One publication for each step and registry, however many commands, callers or matrix values led to it."""
    kept: dict[tuple[str, str, int | None, int, str], Publication] = {}
    for each in found:
        key = (each.file, each.job, each.step, each.line, each.registry)
        kept[key] = _merge_two(kept[key], each) if key in kept else each
    return tuple(kept.values())


def _merge_two(first: Publication, second: Publication) -> Publication:
    worst, other = sorted((first, second), key=lambda each: _WORST_FIRST.index(each.credential))
    secrets = worst.secrets
    if worst.credential == other.credential:
        secrets = tuple(sorted({*worst.secrets, *other.secrets}))
    via = worst.via if worst.via == other.via else (*worst.via, *(each for each in other.via if each not in worst.via))
    sure = max(
        first.confidence,
        second.confidence,
        key=lambda each: lowest_confidence(each, Confidence.HIGH) is Confidence.HIGH,
    )
    return replace(worst, secrets=secrets, via=via, confidence=sure)


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
    origin: RemoteFile | None = None  # the other repository's file that is called


def walk_workflows(repository: SearchedRepository) -> Iterator[Publication | StepTrace]:
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
) -> Iterator[Publication | StepTrace]:
    needs: dict[str, Values] = {}
    for job in _jobs_in_order(workflow):
        outer = _job_scope(workflow, job, workflow_call, needs)
        if job.condition is not None and is_always_false(job.condition.value, outer):
            continue
        place = _job_context(workflow, job, workflow_call, outer)
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


def _drop_redundant_guesses(found: list[WalkedStep]) -> Iterator[Publication | StepTrace]:
    """Leave out what a borrowed credential made us guess, where the same job surely publishes with it."""
    publications = [each for each in found if isinstance(each, FoundPublication)]
    sure = {each.publication.registry for each in publications if not each.from_other_step}
    yield from (each for each in found if isinstance(each, StepTrace))
    for publication, borrowed in publications:
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


def _environment(job: Job, workflow_call: WorkflowCall, scope: StepScope) -> str | None:
    """Return the environment as written; in another repository's file with the caller's inputs filled in."""
    if job.environment is None or workflow_call.origin is None:
        return job.environment.value if job.environment else None
    texts = resolve_text(job.environment.value, scope).texts
    return texts[0] if len(texts) == 1 else job.environment.value


def _job_context(workflow: Workflow, job: Job, workflow_call: WorkflowCall, scope: StepScope) -> JobContext:
    blocks = (*workflow_call.permissions, job.permissions or workflow.permissions)
    return JobContext(
        file=workflow.path,
        job_id=job.id,
        environment=_environment(job, workflow_call, scope),
        id_token=_id_token_allowed(blocks, caller_known=workflow_call.caller_known),
        can_write_packages=_may_write(blocks, "packages"),
        can_write_contents=_may_write(blocks, "contents"),
        via=workflow_call.via,
        depth=workflow_call.depth,
        has_test_registry=any(
            _TEST_REGISTRY_IMAGE.match(each.image.value) for each in job.services.values() if each.image
        ),
        origin=workflow_call.origin,
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
) -> Iterator[Publication | StepTrace]:
    """Follow a call of a reusable workflow, of this repository or of one whose file was read."""
    path = local_uses_path(job.uses.value) if job.uses else None
    origin = workflow_call.origin.sibling(path) if workflow_call.origin and path is not None else None
    if origin is None and path is None and job.uses:
        origin = remote_file(job.uses.value)
    callee = _called_workflow(state, job, path, origin)
    if callee is None:
        yield from _guess_called_workflow(state, job)
        return
    deepest = MAX_DEPTH if origin is None else MAX_CALL_LEVELS - 1
    if workflow_call.depth >= deepest:
        reason = f"its workflows call each other more than {deepest} deep; the last were not looked into"
        state.repository.budget.add_note(workflow.path, job.uses_line, reason)
        return
    if not state.repository.budget.may_follow(workflow.path, 10 * len(callee.lines)):
        return
    inner = replace(_call_of(state, workflow, job, callee, workflow_call), origin=origin)
    if origin is None:
        yield from _walk_workflow(state.repository, callee, inner)
        return
    line = job.uses_line or job.line
    for each in _walk_workflow(state.repository, callee, replace(inner, via=())):
        call = RemoteCall(state, origin, f"{origin}:{each.job}", None, line, line)
        yield call.trace(each) if isinstance(each, StepTrace) else call.publication(each)


def _called_workflow(state: JobState, job: Job, path: str | None, origin: RemoteFile | None) -> Workflow | None:
    """Return the workflow that a job calls, if it is at hand; what the catalog knows is not read."""
    if origin is not None:
        uses = job.uses.value if job.uses else ""
        if path is None and state.repository.catalog.actions(uses):
            return None
        return state.repository.remote.workflow(origin) if _hands_rights_over(state, job, origin) else None
    if path is None:
        return None
    callee = state.repository.workflows.get(path)
    if callee is None:
        state.repository.files.read(path)
    return callee


def _hands_rights_over(state: JobState, job: Job, called: RemoteFile) -> bool:
    """Whether a called workflow gets something that it could publish with; the owner's own always get GITHUB_TOKEN."""
    granted = job.permissions is not None and (state.job.can_write_contents or state.job.can_write_packages)
    return state.repository.remote.is_own(called) or bool(job.secrets) or bool(state.job.id_token) or granted


def _call_of(
    state: JobState, workflow: Workflow, job: Job, callee: Workflow, workflow_call: WorkflowCall
) -> WorkflowCall:
    """Return what a job hands on to the workflow that it calls."""
    given = {name.lower(): resolve_text(text.value, state.scope) for name, text in job.inputs.items()}
    defaults = {name.lower(): literal_value(each.default or "") for name, each in callee.inputs.items()}
    secrets = workflow_call.secrets
    if job.secrets != "inherit":
        secrets = {name.upper(): resolve_text(text.value, state.scope) for name, text in job.secrets.items()}
    return WorkflowCall(
        inputs={**defaults, **given},
        secrets=secrets,
        permissions=(*workflow_call.permissions, job.permissions or workflow.permissions),
        caller_known=workflow_call.caller_known,
        via=(*workflow_call.via, f"{workflow.path}:{job.id}"),
        depth=workflow_call.depth + 1,
    )


def _guess_called_workflow(state: JobState, job: Job) -> Iterator[Publication | StepTrace]:
    """Report a call of a workflow that is not at hand at the calling job, by what is handed to it."""
    if job.uses is None:
        return
    name = action_name(job.uses.value)
    secrets = {} if job.secrets == "inherit" else job.secrets
    given = {key: resolve_text(text.value, state.scope) for key, text in {**job.inputs, **secrets}.items()}
    line = job.uses_line or job.line
    step = Step(index=0, line=line, end_line=line, start_line=line, uses=job.uses, inputs=job.inputs)
    use = ActionUse(name, {key.lower(): value for key, value in given.items()}, {}, given)
    known = apply_action(state, step, use)
    title = job.name.value if job.name else ""
    closed = OpaqueStep(name, title, given, name, kind="workflow")
    found = find_in_step(state.job, step, known[1].candidates if known else guess_candidates(state, closed))
    yield from (replace(each.publication, step=None) for each in found)
    if known is None:
        trace = trace_step(state, step, used_secrets(found), given, (name,))
        yield replace(trace, step=None, identity="" if found else _handed_identity(state, job, name), foreign=True)


def _handed_identity(state: JobState, job: Job, name: str) -> str:
    """Say what beside named secrets a called workflow gets that can publish; empty when it gets nothing."""
    if job.secrets == "inherit":
        return "secrets: inherit"
    granted = state.job.id_token and (job.permissions is not None or looks_like_publishing(name))
    return IDENTITY if granted else ""
