"""What the steps of a job or of a composite action do, one after the other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from bot.detection.actions import ActionUse, apply_action, apply_checkout, resolve_inputs
from bot.detection.heuristics import OpaqueStep, guess_candidates
from bot.detection.job_state import EMPTY_VALUE, NO_VALUES, Value, ValueOrigin, Values, literal_value, unknown_value
from bot.detection.publication import Publication
from bot.detection.release import ReleaseToolResult
from bot.detection.resolve import is_always_false, resolve_text
from bot.detection.scene import MAX_DEPTH, JobContext, JobState, StepScope
from bot.detection.scripted import action_script
from bot.detection.sending import Candidate, lowest_confidence
from bot.detection.step_script import ScriptRun, run_script
from bot.model.core_types import Credential
from bot.registries import action_name
from bot.workflows import Action, SourceTexts, Step


class FoundPublication(NamedTuple):
    """A publication; `borrowed` when it is only guessed, from a credential that was not put on its own step."""

    publication: Publication
    from_other_step: bool


@dataclass(frozen=True, slots=True)
class DefaultShell:
    """The shell and folder that a job's scripts run in when their step names none."""

    name: str = "bash"
    directory: str = ""


def walk_steps(state: JobState, steps: Sequence[Step], shell: DefaultShell) -> tuple[JobState, list[FoundPublication]]:
    """Go through steps in order; return the scene after the last one, and every publication on the way."""
    found: list[FoundPublication] = []
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


def _walk_step(
    state: JobState, step: Step, step_env: Values, shell: DefaultShell
) -> tuple[JobState, list[FoundPublication]]:
    if step.run is not None:
        text = ScriptRun(
            text=step.run.value,
            shell=step.shell.value if step.shell else shell.name,
            directory=step.working_directory.value if step.working_directory else shell.directory,
            step_env=step_env,
            title=step.name.value if step.name else "",
            line=step.line,
        )
        ran = run_script(state, text)
        after = ran.state.with_outputs(step.id, ran.outputs)
        return after, find_in_step(state.job, step, ran.candidates)
    if step.uses is None:
        return state, []
    folder = local_uses_path(step.uses.value)
    if folder is not None:
        return _walk_composite_action(state, step, folder)
    return _walk_action_step(state, step, step.uses.value, step_env)


def _walk_action_step(
    state: JobState, step: Step, uses: str, step_env: Values
) -> tuple[JobState, list[FoundPublication]]:
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
        ran = run_script(known[0] if known else state, text)
        return ran.state.with_outputs(step.id, ran.outputs), find_in_step(state.job, step, ran.candidates)
    if known is None:
        closed = OpaqueStep(use.name, title, given, use.name, kind="action")
        return state, find_in_step(state.job, step, guess_candidates(state, closed))
    return known[0], []


def _run_tasks(
    state: JobState, step: Step, result: ReleaseToolResult, step_env: Values
) -> tuple[JobState, list[FoundPublication]]:
    """Add what the commands send that a publishing action was told to run; what it is known to send itself stands."""
    sent = list(result.candidates)
    for task in result.tasks:
        ran = run_script(state, ScriptRun(task.text, step_env=step_env, shell=task.shell, via=(task.name,)))
        state = ran.state
        sent += [
            each for each in ran.candidates if not any(each.target.registry == other.target.registry for other in sent)
        ]
    return state, find_in_step(state.job, step, sent)


def local_uses_path(uses: str) -> str | None:
    """Give the folder of an action of this repository (`./path`, `$/path`), or None when `uses` names another's."""
    uses = uses.strip()
    if not uses.startswith(("./", "$/")) and uses not in (".", "$"):
        return None
    return "/".join(part for part in uses[1:].split("/") if part not in ("", "."))


def _walk_composite_action(state: JobState, step: Step, folder: str) -> tuple[JobState, list[FoundPublication]]:
    """Go through a composite action of the repository with the inputs of this call; its own lines are reported."""
    action = state.repository.actions.get(folder)
    if action is None:
        state.repository.files.read_first(f"{folder}/{name}".lstrip("/") for name in ("action.yml", "action.yaml"))
        return state, []
    place = state.job
    if not state.repository.budget.may_follow(place.file, 10 * len(action.lines)):
        return state, []
    if place.depth >= MAX_DEPTH:
        reason = f"its composite actions use each other more than {MAX_DEPTH} deep; the last were not looked into"
        state.repository.budget.add_note(place.file, step.line, reason)
        return state, []
    caller = f"{place.file}:{place.job_id}"
    inner = replace(place, file=action.path, via=(*place.via, caller), depth=place.depth + 1)
    scope = StepScope(
        env=state.scope.env, inputs=_action_inputs(action, step, state), secrets=NO_VALUES, matrix=state.scope.matrix
    )
    after, found = walk_steps(replace(state, job=inner, scope=scope, exported_env={}), action.steps, DefaultShell())
    outputs = {name: resolve_text(text.value, after.scope) for name, text in action.outputs.items()}
    return state.leave_step(replace(after, scope=replace(after.scope, steps=state.scope.steps))).with_outputs(
        step.id, outputs
    ), found


def _action_inputs(action: Action, step: Step, state: JobState) -> dict[str, Value]:
    given = resolve_inputs(step, state)
    defaults = {
        name.lower(): resolve_text(each.default, replace(state.scope, inputs=NO_VALUES))
        if each.default
        else literal_value("")
        for name, each in action.inputs.items()
    }
    return {**defaults, **given}


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
