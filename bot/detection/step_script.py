"""What a script does: its commands publish, log in, prepare, or lead on to other files."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.detection.commands import argv_texts, resolve_word
from bot.detection.credential_files import written_logins
from bot.detection.github_api import release_candidates, required_files
from bot.detection.heuristics import OpaqueStep, guess_candidates
from bot.detection.job_state import EMPTY_VALUE, Value, Values
from bot.detection.known import apply_command
from bot.detection.release import apply_release_config
from bot.detection.resolve import expand_expression
from bot.detection.scene import MAX_DEPTH, JobState
from bot.detection.scripts import mentioned_variables, name_unknown_parts
from bot.detection.sending import Candidate
from bot.detection.tasks import Task
from bot.detection.tasks.follow import FollowedCommand, command_folder, follow_command, load_module
from bot.model.core_types import RegistryId
from bot.registries import Catalog
from bot.shell import Command, Script, read_script_cached


@dataclass(frozen=True, slots=True)
class ScriptRun:
    """A script to be run: its text, the shell, how we came to it, and the folder it runs in."""

    text: str
    shell: str
    via: tuple[str, ...] = ()
    directory: str = ""
    step_env: Values = field(default_factory=dict)  # what was put on this very step
    title: str = ""  # the step's name, which says what closed scripts do
    line: int | None = None  # where the step stands
    depth: int = 0  # files that were followed to come here
    default_registry: RegistryId | None = None  # the registry of the runner's own kind, when a runner led here
    token: Value = EMPTY_VALUE  # what the program that runs it hands to it for GitHub's API


@dataclass(frozen=True, slots=True)
class ScriptResult:
    """What came of a script: the scene after it, what it sent, and its outputs."""

    state: JobState
    candidates: tuple[Candidate, ...] = ()
    outputs: Values = field(default_factory=dict)


_SHELLS = ("bash", "cmd", "pwsh")  # languages whose commands we read; a program in another may do more than it shows


def run_script(state: JobState, run: ScriptRun) -> ScriptResult:
    """Run a script in a scene whose environment is that of the step."""
    script = _read_script(state, run)
    if script.incomplete_reason:
        file = run.via[-1].partition(":")[0] if run.depth else state.job.file
        state.repository.budget.add_note(file, None if run.depth else run.line, script.incomplete_reason)
    if exchanged := _exchange_commands(script, state.repository.catalog):
        state = replace(state, scope=replace(state.scope, exchange_commands=state.scope.exchange_commands | exchanged))
    after = _apply_written_logins(state, script)
    sent: list[Candidate] = []
    led: set[tuple[str, ...]] = set()  # what was followed already: many calls of one file lead to it once
    for command in script.commands:
        known = state.repository.catalog.commands(argv_texts(command))
        here: list[Candidate] = []
        for each in known:
            after, more = apply_command(after, command, each, run.step_env, command_folder(command, run.directory))
            here += more
        settled = apply_release_config(
            after, command.tool, run.step_env, here, tool_chooses=not any(each.fact.anywhere for each in known)
        )
        sent += [replace(each, via=(*run.via, *each.via)) for each in settled.candidates]
        if settled.tasks:
            after, more = _run_followed(after, after.enter_step({}), run, FollowedCommand(settled.tasks), command.tool)
            sent += more
        if not known and (way := (command.text, str(command.directory), *command.env)) not in led:
            led.add(way)
            after, more = _follow_command(after, run, command)
            sent += more
    sent += _candidates_in_code(after, run)
    after = after.export({name: resolve_word(word, state.scope) for name, word in script.github_env.items()})
    outputs = {name: resolve_word(word, state.scope) for name, word in script.github_output.items()}
    return ScriptResult(after, tuple(sent), outputs)


def _exchange_commands(script: Script, catalog: Catalog) -> frozenset[str]:
    """Name the commands that exchange the workflow's identity for a token, and those that its answer is piped into."""
    found: set[str] = set()
    for command in script.commands:
        piped = command.stdin is not None and any(hole.name in found for hole in command.stdin.unknown_parts)
        if piped or catalog.exchanges_token(command.text):
            found.add(command.text)
    return frozenset(found)


def _read_script(state: JobState, run: ScriptRun) -> Script:
    variables = script_variables(state, run.text, run.shell)
    return read_script_cached(
        run.text, run.shell, variables, lambda expression: expand_expression(expression, state.scope)
    )


def _follow_command(state: JobState, run: ScriptRun, command: Command) -> tuple[JobState, list[Candidate]]:
    """Follow a command that is no publication itself into the files it runs; guess where a file is not at hand."""
    lead = follow_command(command, state.repository.files, run.directory)
    if lead is None:
        return state, []
    inside = state.enter_step({name: resolve_word(word, state.scope) for name, word in command.env.items()})
    return _run_followed(state, inside, run, lead, command.tool)


def _run_followed(
    state: JobState, inside: JobState, run: ScriptRun, followed: FollowedCommand, tool: str
) -> tuple[JobState, list[Candidate]]:
    """Run the tasks of a lead one after the other; guess where nothing could be opened, or a program hides what it does."""
    sent: list[Candidate] = []
    closed = followed.not_found
    for task in followed.tasks:
        if task.name in run.via:
            continue
        if run.depth >= MAX_DEPTH or task.shell not in _SHELLS:
            closed = closed or " ".join([*(each.rpartition(":")[2] for each in run.via[-1:]), task.name])
        if run.depth < MAX_DEPTH and state.repository.budget.may_follow(state.job.file, len(task.text)):
            inside, more = _run_task(inside, run, task, followed.default_registry or run.default_registry)
            sent += more
    if not sent and closed:
        own = {**run.step_env, **inside.exported_env}
        guessed = guess_candidates(
            inside, OpaqueStep(closed, run.title, own, tool, followed.default_registry or run.default_registry)
        )
        sent = [replace(each, via=run.via) for each in guessed]
    return state.leave_step(inside), sent


def _run_task(
    state: JobState, run: ScriptRun, task: Task, default_registry: RegistryId | None
) -> tuple[JobState, tuple[Candidate, ...]]:
    via = (*run.via, task.name)
    further = replace(
        run,
        text=task.text,
        shell=task.shell,
        via=via,
        directory=task.directory,
        depth=run.depth + 1,
        default_registry=default_registry,
    )
    ran = run_script(state, further)
    return ran.state, ran.candidates


def _candidates_in_code(state: JobState, run: ScriptRun) -> list[Candidate]:
    """Look into a program for calls of GitHub's API, and for the files of the repository that it loads."""
    if run.shell not in ("node", "python"):
        return []
    sent = [replace(each, via=run.via) for each in release_candidates(state, run.text, run.token, run.step_env)]
    for path in required_files(run.text) if run.shell == "node" else ():
        lead = load_module(path, state.repository.files, run.directory)
        sent += _run_followed(state, state.enter_step({}), run, lead, path)[1]
    return sent


def script_variables(state: JobState, text: str, shell: str) -> Mapping[str, tuple[str, ...]]:
    """Give the environment that a script names; what is not known of a variable stays unknown under the variable's own name."""
    env = state.scope.env
    return {
        name: tuple(name_unknown_parts(each, name) for each in env[name].texts)
        for name in mentioned_variables(text, shell, env)
    }


def _apply_written_logins(state: JobState, script: Script) -> JobState:
    """Give the scene after the files that a script writes, in which tools keep credentials."""
    for write in script.file_writes:
        target, content = resolve_word(write.target, state.scope), resolve_word(write.content, state.scope)
        for login in written_logins(state, target, content):
            state = state.with_login(login)
    return state
