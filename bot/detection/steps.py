"""Walks through the steps of a job, local and remote composite actions included, and finds what each publishes."""

import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

from bot.detection.actions import ActionUse, action_script, apply_action, apply_checkout, resolve_inputs
from bot.detection.candidate import Candidate, lowest_confidence
from bot.detection.heuristics import OpaqueStep, ReleaseToolResult, guess_candidates, looks_like_publishing
from bot.detection.job_state import (
    EMPTY_VALUE,
    MAX_DEPTH,
    NO_VALUES,
    JobContext,
    JobState,
    StepScope,
    Value,
    ValueOrigin,
    Values,
    literal_value,
    unknown_value,
)
from bot.detection.publication import Publication
from bot.detection.remote_files import RemoteFile, remote_file
from bot.detection.resolve import is_always_false, resolve_text
from bot.detection.step_script import ScriptRun, run_script
from bot.detection.tasks.follow import script_language
from bot.detection.unexplained import StepTrace, is_ordinary_action, trace_step
from bot.model.core_types import Confidence, Credential
from bot.registries import action_name
from bot.shell import MAX_SCRIPT_LENGTH
from bot.workflows import Action, SourceTexts, Step

IDENTITY = "id-token: write"  # what lets a job ask for an OIDC token


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
    trace = trace_step(state, step, used_secrets(found), given, unread)
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
    identity = IDENTITY if state.job.id_token and looks_like_publishing(name) else ""
    trace = trace_step(state, step, used_secrets(found), given, (name,))
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
    call = RemoteCall(state, called, str(called), step.index, step.line, step.end_line)
    if isinstance(each, StepTrace):
        return call.trace(each)
    return each._replace(publication=call.publication(each.publication))


@dataclass(frozen=True, slots=True)
class RemoteCall:
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
    sent = _search_action(state, folder, given) or guess_candidates(state, OpaqueStep(name, title, given, name))
    found = find_in_step(state.job, step, sent)
    return state, [*found, trace_step(state, step, used_secrets(found), given, (name,))]


_ENTRYPOINT = re.compile(
    r"^(?:ENTRYPOINT|CMD)\b.*?([\w.-]+\.(?:sh|bash|py|js|mjs|cjs|rb|ts))\b", re.MULTILINE | re.IGNORECASE
)


def _holds_credential(job: JobContext, given: Values) -> bool:
    """Whether an action could publish at all: by a token that it is given, or by what its job may do."""
    kinds = {origin.credential for value in given.values() for origin in value.origins}
    return bool(kinds & {Credential.LONG_LIVED, Credential.OIDC} or job.id_token or job.can_write_contents)


def _search_action(state: JobState, folder: str, given: Values) -> tuple[Candidate, ...]:
    """Say what a local action's own program sends, where its source is at hand: a script is read, others are searched."""
    action = state.repository.actions.get(folder)
    if action is None or not action.program or not _holds_credential(state.job, given):
        return ()
    path, text = _action_program(state, folder, action.program)
    if text is None or len(text) > MAX_SCRIPT_LENGTH or not _may_enter(state, len(text), 0):
        return ()
    language = script_language(path, text)
    token = next((value for name, value in given.items() if "token" in name.lower()), EMPTY_VALUE)
    depth = MAX_DEPTH if path.startswith(posixpath.join(folder, "dist/")) else 1  # a bundle holds what it loads
    place = posixpath.dirname(path)
    run = ScriptRun(text, language, via=(path,), directory=place, step_env=given, depth=depth, token=token)
    return run_script(state, run).candidates


def _action_program(state: JobState, folder: str, program: str) -> tuple[str, str | None]:
    """Give the path and the text of what an action runs; of an image, what its Dockerfile starts."""
    path = posixpath.normpath(posixpath.join(folder, program))
    text = state.repository.files.read(path)
    if text is None or not program.lower().endswith("dockerfile"):
        return path, text
    entry = _ENTRYPOINT.search(text)
    path = posixpath.normpath(posixpath.join(folder, entry[1])) if entry else ""
    return path, state.repository.files.read(path) if path else None


def _action_inputs(action: Action, step: Step, state: JobState) -> dict[str, Value]:
    given = resolve_inputs(step, state)
    defaults = {
        name.lower(): resolve_text(each.default, replace(state.scope, inputs=NO_VALUES))
        if each.default
        else literal_value("")
        for name, each in action.inputs.items()
    }
    return {**defaults, **given}


def used_secrets(found: Iterable[FoundPublication]) -> frozenset[str]:
    """Name the secrets that publications use."""
    return frozenset(secret for each in found for secret in each.publication.secrets)


def find_in_step(job: JobContext, step: Step, candidates: Iterable[Candidate]) -> list[FoundPublication]:
    """Say where the packages that a step sends leave."""
    return [FoundPublication(_publication(job, step, each), each.from_other_step) for each in candidates]


def _publication(job: JobContext, step: Step, candidate: Candidate) -> Publication:
    why = candidate.credential_result.why
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
        why=f"a preview, not a release: {why}" if candidate.preview else why,
        preview=candidate.preview,
    )
