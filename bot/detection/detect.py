"""Finds all publications of a repository by walking through its workflows, jobs and steps."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

from bot.detection.actions import ActionUse, action_script, apply_action, apply_checkout, resolve_inputs
from bot.detection.candidate import Candidate, lowest_confidence
from bot.detection.file_cache import FileCache, SearchBudget
from bot.detection.heuristics import OpaqueStep, ReleaseToolResult, guess_candidates, looks_like_publishing
from bot.detection.job_state import (
    EMPTY_VALUE,
    MAX_DEPTH,
    NO_VALUES,
    JobContext,
    JobState,
    SearchedRepository,
    StepScope,
    Value,
    ValueOrigin,
    Values,
    literal_value,
    unknown_value,
)
from bot.detection.publication import DetectionResult, Publication
from bot.detection.remote_files import MAX_CALL_LEVELS, RemoteCache, RemoteFile, RemoteFiles, remote_file
from bot.detection.resolve import is_always_false, resolve_text
from bot.detection.step_script import ScriptRun, run_script
from bot.detection.unexplained import StepTrace, is_ordinary_action, trace_step, unexplained_credentials
from bot.model.core_types import Confidence, Credential
from bot.registries import Catalog, action_name
from bot.workflows import Action, Job, Permissions, SourceTexts, Step, Workflow
from bot.workflows.graph import effective_shell

_IDENTITY = "id-token: write"  # what lets a job ask for an OIDC token

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


class FoundPublication(NamedTuple):
    """A publication; `borrowed` when it is only guessed, from a credential that was not put on its own step."""

    publication: Publication
    from_other_step: bool


WalkedStep: TypeAlias = FoundPublication | StepTrace


@dataclass(frozen=True, slots=True)
class DefaultShell:
    """The shell and folder that a job's scripts run in when their step names none."""

    name: str = "bash"
    directory: str = ""


def walk_steps(state: JobState, steps: Sequence[Step], shell: DefaultShell) -> tuple[JobState, list[WalkedStep]]:
    """Go through steps in order; return the scene after the last one, and every publication on the way."""
    found: list[WalkedStep] = []
    for step in steps:
        if step.condition is not None and is_always_false(step.condition.value, state.scope):
            continue
        own = resolve_env(step.env, state)
        inside, more = _walk_step(state.enter_step(own), step, own, shell)
        state = state.leave_step(inside)
        found += more
    return state, found


def resolve_env(texts: SourceTexts, state: JobState) -> dict[str, Value]:
    """Give an `env:` block as values; a name set to an expression that cannot be read is unknown, never absent."""
    return {name: resolve_text(text.value, state.scope) for name, text in texts.items()}


def _walk_step(state: JobState, step: Step, step_env: Values, shell: DefaultShell) -> tuple[JobState, list[WalkedStep]]:
    if step.run is not None:
        text = ScriptRun(
            text=step.run.value,
            shell=step.shell.value if step.shell else shell.name,
            directory=step.working_directory.value if step.working_directory else shell.directory,
            step_env=step_env,
            title=step.name.value if step.name else "",
            line=step.line,
        )
        return _run_step_script(state, step, text, {**step_env, "run": resolve_text(step.run.value, state.scope)})
    if step.uses is None:
        return state, []
    folder = local_uses_path(step.uses.value)
    if folder is None:
        return _walk_action_step(state, step, step.uses.value, step_env)
    if state.job.origin is not None and step.uses.value.strip().startswith("$"):
        return _walk_unread_or_remote(state, step, state.job.origin.sibling(folder), step_env)
    return _walk_composite_action(state, step, folder)


def _run_step_script(state: JobState, step: Step, text: ScriptRun, given: Values) -> tuple[JobState, list[WalkedStep]]:
    """Run a step's script; `given` is all that was put on the step."""
    ran = run_script(state, text)
    found = find_in_step(state.job, step, ran.candidates)
    unread = tuple(dict.fromkeys(each.name for each in ran.unread))
    trace = trace_step(state, step, _secrets(found), given, unread)
    return ran.state.with_outputs(step.id, ran.outputs), [*found, replace(trace, reads=ran.reads_packages)]


def _walk_action_step(state: JobState, step: Step, uses: str, step_env: Values) -> tuple[JobState, list[WalkedStep]]:
    """Go through a step that uses another repository's action."""
    use = ActionUse(action_name(uses), resolve_inputs(step, state), state.scope.env, step_env)
    given = {**step_env, **use.inputs}
    title = step.name.value if step.name else ""
    state = apply_checkout(state, use)
    known = apply_action(state, step, use)
    if known is not None and known[1].candidates:
        return _run_tasks(known[0], step, known[1], given)
    script = action_script(use.name, step, state.repository.catalog.actions(uses))
    if script is not None:
        if use.name == "actions/github-script":
            given.setdefault("github-token", unknown_value("github.token", ValueOrigin(Credential.GITHUB_TOKEN)))
        text = ScriptRun(
            script[0],
            script[1],
            step_env=given,
            title=title,
            line=step.line,
            token=given.get("github-token", EMPTY_VALUE),
        )
        return _run_step_script(known[0] if known else state, step, text, given)
    if known is None:
        return _walk_unread_or_remote(state, step, remote_file(uses), given)
    return known[0], []


def _walk_unread_or_remote(
    state: JobState, step: Step, folder: RemoteFile | None, given: Values
) -> tuple[JobState, list[WalkedStep]]:
    """Go through another repository's action if it was read; else judge it by its name and by what it is given."""
    name = action_name(step.uses.value if step.uses else "")
    if folder is not None and not is_ordinary_action(name) and _hands_credential_over(state, folder, given):
        called = state.repository.remote.action(folder)
        if called is not None and called[1].using == "composite":
            return _walk_remote_action(state, step, *called)
    closed = OpaqueStep(name, step.name.value if step.name else "", given, name, kind="action")
    found = find_in_step(state.job, step, guess_candidates(state, closed))
    if is_ordinary_action(name):
        return state, [*found]
    identity = _IDENTITY if state.job.id_token and looks_like_publishing(name) else ""
    trace = _trace(state, step, found, given, (name,))
    return state, [*found, replace(trace, identity=identity, foreign=True)]


def _hands_credential_over(state: JobState, called: RemoteFile, given: Values) -> bool:
    """Whether an action gets something that it could publish with; the owner's own are read for GITHUB_TOKEN too."""
    kinds = {origin.credential for value in (*given.values(), *state.scope.env.values()) for origin in value.origins}
    own = state.repository.remote.is_own(called)
    return bool(state.job.id_token) or Credential.LONG_LIVED in kinds or (own and Credential.GITHUB_TOKEN in kinds)


def _walk_remote_action(
    state: JobState, step: Step, file: RemoteFile, action: Action
) -> tuple[JobState, list[WalkedStep]]:
    """Go through a composite action of another repository; what it publishes is reported at the calling step."""
    if not _may_enter(state, 10 * len(action.lines), step.line):
        return state, []
    inner = replace(state.job, via=(), depth=state.job.depth + 1, origin=file)
    after, found = _walk_composite_steps(state, step, action, inner)
    return after, [_at_step(each, state, step, file) for each in found]


def _at_step(each: WalkedStep, state: JobState, step: Step, called: RemoteFile) -> WalkedStep:
    """Report at the calling step what was found in another repository's action."""
    call = _Call(state, called, str(called), step.index, step.line, step.end_line)
    if isinstance(each, StepTrace):
        return call.trace(each)
    return each._replace(publication=call.publication(each.publication))


@dataclass(frozen=True, slots=True)
class _Call:
    """Where the repository calls a workflow or an action of another one, and reports what is found in it."""

    state: JobState
    called: RemoteFile
    via: str
    step: int | None
    line: int
    end_line: int

    def trace(self, each: StepTrace) -> StepTrace:
        job = self.state.job
        return replace(each, file=job.file, job=job.job_id, step=self.step, line=self.line, end_line=self.end_line)

    def publication(self, each: Publication) -> Publication:
        """Report it at the call; what a stranger's file says is less sure than the owner's own."""
        job = self.state.job
        most = Confidence.HIGH if self.state.repository.remote.is_own(self.called) else Confidence.MEDIUM
        return replace(
            each,
            file=job.file,
            job=job.job_id,
            step=self.step,
            line=self.line,
            end_line=self.end_line,
            via=(*job.via, self.via, *each.via),
            remote=str(self.called),
            confidence=lowest_confidence(each.confidence, most),
        )


def _run_tasks(
    state: JobState, step: Step, result: ReleaseToolResult, step_env: Values
) -> tuple[JobState, list[WalkedStep]]:
    """Add what the commands send that a publishing action was told to run; what it is known to send itself stands."""
    sent = list(result.candidates)
    for task in result.tasks:
        ran = run_script(state, ScriptRun(task.text, step_env=step_env, shell=task.shell, via=(task.name,)))
        state = ran.state
        sent += [
            each for each in ran.candidates if not any(each.target.registry == other.target.registry for other in sent)
        ]
    return state, list(find_in_step(state.job, step, sent))


def local_uses_path(uses: str) -> str | None:
    """Give the folder of an action of this repository (`./path`, `$/path`), or None when `uses` names another's."""
    uses = uses.strip()
    if not uses.startswith(("./", "$/")) and uses not in (".", "$"):
        return None
    return "/".join(part for part in uses[1:].split("/") if part not in ("", "."))


def _walk_composite_action(state: JobState, step: Step, folder: str) -> tuple[JobState, list[WalkedStep]]:
    """Go through a composite action of the repository with the inputs of this call; its own lines are reported."""
    action = state.repository.actions.get(folder)
    if action is None or action.using != "composite":
        return _walk_closed_action(state, step, folder)
    place = state.job
    if not _may_enter(state, 10 * len(action.lines), step.line):
        return state, []
    caller = f"{place.file}:{place.job_id}"
    return _walk_composite_steps(
        state, step, action, replace(place, file=action.path, via=(*place.via, caller), depth=place.depth + 1)
    )


def _may_enter(state: JobState, size: int, line: int) -> bool:
    """Whether a composite action of this many characters may be looked into; says so in the notes when not."""
    if not state.repository.budget.may_follow(state.job.file, size):
        return False
    if state.job.depth >= MAX_DEPTH:
        reason = f"its composite actions use each other more than {MAX_DEPTH} deep; the last were not looked into"
        state.repository.budget.add_note(state.job.file, line, reason)
        return False
    return True


def _walk_composite_steps(
    state: JobState, step: Step, action: Action, inner: JobContext
) -> tuple[JobState, list[WalkedStep]]:
    scope = StepScope(
        env=state.scope.env, inputs=_action_inputs(action, step, state), secrets=NO_VALUES, matrix=state.scope.matrix
    )
    after, found = walk_steps(replace(state, job=inner, scope=scope, exported_env={}), action.steps, DefaultShell())
    outputs = {name: resolve_text(text.value, after.scope) for name, text in action.outputs.items()}
    return state.leave_step(replace(after, scope=replace(after.scope, steps=state.scope.steps))).with_outputs(
        step.id, outputs
    ), found


def _walk_closed_action(state: JobState, step: Step, folder: str) -> tuple[JobState, list[WalkedStep]]:
    """Judge a local action that is not at hand, or that is a program, by its name and by what it is given."""
    state.repository.files.read_first(f"{folder}/{name}".lstrip("/") for name in ("action.yml", "action.yaml"))
    given = {**resolve_env(step.env, state), **resolve_inputs(step, state)}
    title = step.name.value if step.name else ""
    name = step.uses.value if step.uses else folder
    found = find_in_step(state.job, step, guess_candidates(state, OpaqueStep(name, title, given, name)))
    return state, [*found, trace_step(state, step, _secrets(found), given, (name,))]


def _action_inputs(action: Action, step: Step, state: JobState) -> dict[str, Value]:
    given = resolve_inputs(step, state)
    defaults = {
        name.lower(): resolve_text(each.default, replace(state.scope, inputs=NO_VALUES))
        if each.default
        else literal_value("")
        for name, each in action.inputs.items()
    }
    return {**defaults, **given}


def _secrets(found: Iterable[FoundPublication]) -> frozenset[str]:
    return frozenset(secret for each in found for secret in each.publication.secrets)


def find_in_step(job: JobContext, step: Step, candidates: Iterable[Candidate]) -> list[FoundPublication]:
    """Say where the packages that a step sends leave."""
    return [FoundPublication(_publication(job, step, each), each.from_other_step) for each in candidates]


def _publication(job: JobContext, step: Step, candidate: Candidate) -> Publication:
    return Publication(
        file=job.file,
        job=job.job_id,
        step=step.index,
        line=step.line,
        end_line=step.end_line,
        registry=candidate.target.registry,
        tool=candidate.tool,
        credential=candidate.credential_result.credential,
        secrets=candidate.credential_result.secrets,
        environment=job.environment,
        id_token_write=bool(job.id_token),
        via=(*job.via, *candidate.via),
        confidence=lowest_confidence(candidate.confidence, candidate.credential_result.confidence),
        why=candidate.credential_result.why,
    )


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
    found: dict[str, list[Publication | StepTrace]] = {}
    # What may be followed is limited: workflows that could publish have the first of it.
    for path, workflow in sorted(repository.workflows.items(), key=lambda pair: not _may_publish(pair[1])):
        own = any(event != "workflow_call" for event in workflow.triggers)
        if own or not workflow.triggers:
            found[path] = list(_walk_workflow(repository, workflow, WorkflowCall()))
        elif path not in called:
            found[path] = list(_walk_workflow(repository, workflow, WorkflowCall(caller_known=False)))
    for path in repository.workflows:
        yield from found.get(path, ())


def _may_publish(workflow: Workflow) -> bool:
    """Whether a workflow holds a stored secret, or may ask for an OIDC token or write."""
    return any("secrets." in line or "secrets:" in line or ": write" in line for line in workflow.lines)


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
        call = _Call(state, origin, f"{origin}:{each.job}", None, line, line)
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
        trace = trace_step(state, step, _secrets(found), given, (name,))
        yield replace(trace, step=None, identity="" if found else _handed_identity(state, job, name), foreign=True)


def _handed_identity(state: JobState, job: Job, name: str) -> str:
    """Say what beside named secrets a called workflow gets that can publish; empty when it gets nothing."""
    if job.secrets == "inherit":
        return "secrets: inherit"
    granted = state.job.id_token and (job.permissions is not None or looks_like_publishing(name))
    return _IDENTITY if granted else ""
