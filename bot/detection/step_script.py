"""Follows a step's script through its commands and files to its logins and publications."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise

from bot.detection.candidate import Candidate, RegistryTarget, ToolCall, build_candidate, lowest_confidence
from bot.detection.commands import apply_command, argv_texts, resolve_word
from bot.detection.heuristics import OpaqueStep, apply_release_config, guess_candidates
from bot.detection.job_state import EMPTY_VALUE, MAX_DEPTH, JobState, StoredLogin, Value, Values
from bot.detection.resolve import expand_expression
from bot.detection.tasks import Task
from bot.detection.tasks.follow import FollowedCommand, command_folder, follow_command, load_module
from bot.detection.tasks.program_search import called_registries, command_words
from bot.detection.unexplained import is_ordinary, is_ordinary_task, reads_packages
from bot.model.core_types import Confidence, Credential, RegistryId
from bot.registries import Catalog, CommandFact, Registry
from bot.shell import Command, Script, Word, literal_word, read_script_cached
from bot.workflows import Job, Step, Workflow
from bot.workflows.expressions import known_values
from bot.workflows.expressions.evaluator import context_values
from bot.workflows.graph import effective_env, effective_shell


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
    arguments: tuple[Word, ...] | None = None  # the words that it is called with; None where nobody knows


@dataclass(frozen=True, slots=True)
class ScriptResult:
    """What came of a script: the scene after it, what it sent, its outputs, and what of it could not be read."""

    state: JobState
    candidates: tuple[Candidate, ...] = ()
    outputs: Values = field(default_factory=dict)
    unread: tuple[OpaqueStep, ...] = ()
    reads_packages: bool = False  # whether it gets packages from a registry


_SHELLS = ("bash", "cmd", "pwsh")  # languages whose commands we read; a program in another may do more than it shows


@dataclass(slots=True)
class _Progress:
    """What a script has done so far."""

    state: JobState
    run: ScriptRun
    candidates: list[Candidate] = field(default_factory=list)
    unread: list[OpaqueStep] = field(default_factory=list)
    reads_packages: bool = False
    followed: set[tuple[str, ...]] = field(default_factory=set)  # many calls of one file lead to it once

    def add(self, result: ScriptResult) -> None:
        """Take over what a task did."""
        self.candidates += result.candidates
        self.unread += result.unread
        self.reads_packages = self.reads_packages or result.reads_packages

    def mark_unread(self, name: str, tool: str, default_registry: RegistryId | None, env: Values) -> None:
        """Say that something was run that could not be read."""
        own = {**self.run.step_env, **env}
        registry = default_registry or self.run.default_registry
        self.unread.append(OpaqueStep(name, self.run.title, own, tool, registry, via=self.run.via))


def run_script(state: JobState, run: ScriptRun) -> ScriptResult:
    """Run a script in a scene whose environment is that of the step."""
    script = _read_script(state, run)
    progress = _Progress(state, run)
    if script.incomplete_reason:
        file = run.via[-1].partition(":")[0] if run.depth else state.job.file
        state.repository.budget.add_note(file, None if run.depth else run.line, script.incomplete_reason)
    if exchanged := _exchange_commands(script, state.repository.catalog):
        state = replace(state, scope=replace(state.scope, exchange_commands=state.scope.exchange_commands | exchanged))
    progress.state = _apply_written_logins(state, script)
    for command in script.commands:
        _run_command(progress, command)
    _search_program(progress)
    after = progress.state.export({name: resolve_word(word, state.scope) for name, word in script.github_env.items()})
    outputs = {name: resolve_word(word, state.scope) for name, word in script.github_output.items()}
    if not run.depth:
        _guess_unread(progress)
    return ScriptResult(after, tuple(progress.candidates), outputs, tuple(progress.unread), progress.reads_packages)


def _guess_unread(progress: _Progress) -> None:
    """Say what a whole step probably sends by what of it could not be read, beside what was seen to be sent."""
    for part in progress.unread:
        sent = {each.target.registry for each in progress.candidates}
        for each in guess_candidates(progress.state, part):
            if each.target.registry not in sent:
                progress.candidates.append(replace(each, via=part.via))


def _run_command(progress: _Progress, command: Command) -> None:
    """Add what one command does: what the catalog knows of it, else what the files hold that it runs."""
    run, state = progress.run, progress.state
    known = state.repository.catalog.commands(argv_texts(command))
    here: list[Candidate] = []
    for each in known:
        state, more = apply_command(state, command, each, run.step_env, command_folder(command, run.directory))
        here += more
    settled = apply_release_config(
        state, command.tool, run.step_env, here, tool_chooses=not any(each.fact.anywhere for each in known)
    )
    progress.state = state
    sure = Confidence.HIGH if run.shell in _SHELLS or not _is_program(run.shell) else Confidence.MEDIUM
    progress.candidates += [
        replace(each, via=(*run.via, *each.via), confidence=lowest_confidence(each.confidence, sure))
        for each in settled.candidates
    ]
    if settled.tasks:
        _run_followed(progress, state.enter_step({}), FollowedCommand(settled.tasks), command)
    progress.reads_packages = progress.reads_packages or reads_packages(command)
    way = (*map(str, command.argv), str(command.directory), *command.env)
    if not known and way not in progress.followed:
        progress.followed.add(way)
        _follow_command(progress, command)


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
        run.text, run.shell, variables, lambda expression: expand_expression(expression, state.scope), run.arguments
    )


_MAX_SHOWN_WORDS = 6  # of a command that could not be read


def _follow_command(progress: _Progress, command: Command) -> None:
    """Follow a command that is no publication itself into the files it runs."""
    state = progress.state
    lead = follow_command(command, state.repository.files, progress.run.directory)
    if lead is None:
        known = state.repository.catalog.knows_tool(command.tool) or not any(map(str.isalnum, command.tool))
        if not known and not is_ordinary(command):
            name = " ".join(map(str, command.argv[:_MAX_SHOWN_WORDS]))
            own = {**command_values(command, state), **argument_values(command, state)}
            progress.mark_unread(name, command.tool, None, own)
        return
    inside = state.enter_step(command_values(command, state))
    _run_followed(progress, inside, lead, command)


def command_values(command: Command, state: JobState) -> Values:
    """Give what was assigned in front of a command, or exported by the script before it."""
    return {name: resolve_word(word, state.scope) for name, word in command.env.items()}


def argument_values(command: Command, state: JobState) -> Values:
    """Give the credentials among a command's arguments, by their flags."""
    found: dict[str, Value] = {}
    for before, word in pairwise(command.argv):
        value = resolve_word(word, state.scope) if word.variables or word.expressions else EMPTY_VALUE
        if value.origins:
            flag, equals, _ = str(word).partition("=")
            found[flag if equals else str(before)] = value
    return found


def _run_followed(progress: _Progress, inside: JobState, followed: FollowedCommand, command: Command) -> None:
    """Run the tasks of a lead one after the other; note what could not be opened, and what a program may hide."""
    run, state = progress.run, progress.state
    registry = followed.default_registry or run.default_registry
    before = len(progress.candidates)
    closed = followed.not_found
    for task in followed.tasks:
        if task.name in run.via:
            continue
        if run.depth >= MAX_DEPTH or task.shell not in _SHELLS:
            closed = closed or " ".join([*(each.rpartition(":")[2] for each in run.via[-1:]), task.name])
        if run.depth < MAX_DEPTH and state.repository.budget.may_follow(state.job.file, len(task.text)):
            ran = _run_task(inside, run, task, registry)
            inside = ran.state
            progress.add(ran)
    if closed and len(progress.candidates) == before and not is_ordinary_task(command):
        own = {**inside.exported_env, **command_values(command, state), **argument_values(command, state)}
        progress.mark_unread(closed, command.tool, registry, own)
    progress.state = state.leave_step(inside)


def _run_task(state: JobState, run: ScriptRun, task: Task, default_registry: RegistryId | None) -> ScriptResult:
    via = (*run.via, task.name)
    further = replace(
        run,
        text=task.text,
        shell=task.shell,
        via=via,
        directory=task.directory,
        depth=run.depth + 1,
        default_registry=default_registry,
        arguments=task.arguments,
    )
    return run_script(state, further)


def _search_program(progress: _Progress) -> None:
    """Search a program for commands, addresses and library calls that publish, and for files of the repository that it loads."""
    run, state = progress.run, progress.state
    if run.shell in _SHELLS or not _is_program(run.shell):
        return
    catalog = state.repository.catalog
    for line, words in command_words(run.text, catalog):
        argv = tuple(map(literal_word, words))
        _run_command(progress, Command(argv=argv, line=line, text=" ".join(words), conditional=True))
    for registry in called_registries(run.text, catalog):
        candidate = _library_candidate(state, run, registry)
        if candidate is not None:
            progress.candidates.append(replace(candidate, via=run.via))
    for path in required_files(run.text) if run.shell == "node" else ():
        lead = load_module(path, state.repository.files, run.directory)
        _run_followed(progress, state.enter_step({}), lead, Command(argv=(literal_word(path),), line=0, text=path))


def _is_program(shell: str) -> bool:
    return shell.partition(" ")[0] in ("node", "python", "program")


def _library_candidate(state: JobState, run: ScriptRun, registry: RegistryId) -> Candidate | None:
    """Judge what a program sends by a library; None where no credential for it is in sight."""
    known = state.repository.catalog.registries[registry]
    github = known.trust_mechanism == "job-token"
    fact = CommandFact(
        argv=(known.name,),
        token_env=(*known.token_env, *(("GITHUB_TOKEN", "GH_TOKEN") if github else ())),
        fallback=Credential.GITHUB_TOKEN
        if github and (run.token.origins or state.job.can_write_contents)
        else Credential.UNKNOWN,
        oidc="token-wins",
        confidence=Confidence.HIGH if run.token.origins else Confidence.MEDIUM,
    )
    call = ToolCall(f"{known.name} API", fact, registry, run.token, EMPTY_VALUE, state.scope.env, run.step_env)
    found = build_candidate(state, call, RegistryTarget(registry))
    seen = found.credential_result.observed or found.credential_result.credential is Credential.GITHUB_TOKEN
    return found if seen else None


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


_NAME = re.compile(r"\w+")


def step_commands(step: Step, job: Job, workflow: Workflow) -> tuple[Command, ...]:
    """Read the script of a step of this job, or of a local action that the job uses; none where the step has no script.

    What steps before it exported is not known here, nor what a local action is given.
    """
    if step.run is None:
        return ()
    text, shell = step.run.value, effective_shell(workflow, job, step)
    env = effective_env(workflow, job, step)
    scope = lru_cache(maxsize=1)(lambda: context_values(workflow, job, step))  # few scripts ask

    def expand(expression: str) -> tuple[str, ...] | None:
        return known_values(f"${{{{ {expression} }}}}", scope()) or None

    variables = {name: (name_unknown_parts(env[name].value, name),) for name in mentioned_variables(text, shell, env)}
    return read_script_cached(text, shell, variables, expand).commands


def mentioned_variables(text: str, shell: str, env: Iterable[str]) -> list[str]:
    """Give those of some variables that a script may name; more than that it cannot tell from a look."""
    if shell.startswith(("pwsh", "powershell", "cmd")):  # on Windows a variable's name has no case
        lowered = text.lower()
        return [name for name in env if name.lower() in lowered]
    known = set(env)
    return [name for name in dict.fromkeys(_NAME.findall(text)) if name in known]


def name_unknown_parts(text: str, name: str) -> str:
    """Name the unknown parts of a variable's text after the variable itself."""
    if "${{" not in text:
        return text
    head, _, rest = text.partition("${{")
    pieces = [head]
    for piece in rest.split("${{"):
        pieces += [f"${{{{ env.{name} }}}}", piece.partition("}}")[2]]
    return "".join(pieces)


_REFERENCE = re.compile(
    r"\$\{?(?:env[.:])?(\w{2,64})\}?"
)  # ${NAME} that the tool itself reads later; ${env.NAME} in Maven
_NPMRC_TOKEN = re.compile(r"^[ \t]*(//[^\s:=]{1,200}):_(?:authToken|auth|password)[ \t]*=", re.MULTILINE)
_NPM = RegistryId("npm")
_PIECE = re.compile(r"[\w./:@-]{3,200}")


def written_logins(state: JobState, target: Value, content: Value) -> Iterator[StoredLogin]:
    """Yield a login for each registry whose credential file this is, and which the content speaks of."""
    candidates = [
        registry
        for registry in state.repository.catalog.registries.values()
        if any(text.rstrip("\"'").endswith(end) for text in target.texts for end in registry.credential_files)
    ]
    if not candidates:
        return
    names = tuple(dict.fromkeys(name for text in content.texts for name in _REFERENCE.findall(text)))
    if content.origins or any(name in state.scope.env for name in names):
        for registry, address in _written_addresses(state, candidates, content.texts):
            yield StoredLogin(registry, address, content, names)


def _written_addresses(
    state: JobState, candidates: list[Registry], texts: tuple[str, ...]
) -> Iterator[tuple[RegistryId, str]]:
    """Yield the registries that a credential file speaks of; lines of an .npmrc name the address that a token is for."""
    catalog = state.repository.catalog
    addressed = [address for text in texts for address in _NPMRC_TOKEN.findall(text)]
    for address in addressed:
        yield (catalog.registry_at(address) or catalog.unknown_registry(address, _NPM)).id, address
    if not addressed:
        yield from ((registry, "") for registry in _mentioned_registries(state, candidates, texts))


def _mentioned_registries(state: JobState, candidates: list[Registry], texts: Iterable[str]) -> tuple[RegistryId, ...]:
    catalogue = state.repository.catalog
    found: dict[RegistryId, None] = {}
    kinds = {registry.id for registry in candidates}
    for text in texts:
        for piece in _PIECE.findall(text):
            known = catalogue.registry_at(piece) or catalogue.by_name(piece.strip(":"), candidates[0].id)
            if known is not None and known.id in kinds:
                found[known.id] = None
    return tuple(found) or (candidates[0].id,)


_LOCAL_IMPORT = re.compile(
    r"""(?:(?:require|import)\s*\(\s*|from\s*|import\s+)[`"'](?:\$\{[^}]{1,60}\})?(\.{0,2}/[\w./-]{1,200})[`"']"""
)


def required_files(text: str) -> tuple[str, ...]:
    """Files of the repository that a JavaScript text loads: `require('./scripts/release')`."""
    return tuple(dict.fromkeys(_LOCAL_IMPORT.findall(text)))[:5]
