"""Follows secrets through the variables, pipes and files of a step's script to the commands that use them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from bot.checks.alerts.new_findings import KeyedFinding
from bot.detection.step_script import mentioned_variables, name_unknown_parts
from bot.model.findings import Location, Unknown
from bot.shell import Command, Script, UnknownKind, Word, read_script_cached, value_text
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import Action, Job, SourceText, Step, Workflow
from bot.workflows.expressions import ContextValues, context_values, has_dynamic_secrets, known_values, secrets_in
from bot.workflows.graph import effective_env, effective_permissions, effective_shell, permission_level

ALL_SECRETS = "*"  # in place of a secret's name: all of them
OIDC_TOKEN = "id-token"  # noqa: S105 - in place of a secret's name: what a job with `id-token: write` can publish with
# With `id-token: write`, the runner puts the bearer token that requests OIDC tokens into every step's environment:
# docs.github.com/actions/reference/security/oidc
_OIDC_VARIABLE = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
_SHELL_BY_EXTENSION = {".sh": "bash", ".bash": "bash", ".ps1": "pwsh", ".py": "python", ".js": "node", ".cjs": "node", ".mjs": "node"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ScriptStep:
    """A step, or a file that a step was followed into: its text, and the variables that hold secrets there."""

    file: str
    line: int  # of the step, or 1
    script_line: int  # the line on which its script begins
    text: str
    shell: str
    env: Mapping[str, SourceText]  # the step's effective environment; empty for a followed file
    inputs: Mapping[str, SourceText]  # of an action's `with:`
    job: str | None = None
    id_token: bool = (
        False  # whether the job may request an OIDC token; of a followed file or local action: whether any job may
    )
    workflow_step: tuple[Workflow, Job, Step] | None = None

    def place(self, line: int | None = None) -> Location:
        """Return the place of a line of the script, 0-based, or of the step."""
        number = self.line if line is None else self.script_line + line
        return Location(self.file, number, number)

    @property
    def secrets_by_variable(self) -> Mapping[str, frozenset[str]]:
        """The secrets that each variable of the environment holds."""
        held = {name: found for name, text in self.env.items() if (found := secrets_named_in(text.value))}
        return {**held, _OIDC_VARIABLE: frozenset({OIDC_TOKEN})} if self.id_token else held

    def parse_script(self) -> Script:
        """Read the script; what it could not know stays unknown, and is named after the variable it came from."""
        variables = {
            name: (name_unknown_parts(self.env[name].value, name),)
            for name in mentioned_variables(self.text, self.shell, self.env)
        }
        scope = lru_cache(maxsize=1)(
            lambda: context_values(*self.workflow_step) if self.workflow_step else ContextValues()
        )  # few scripts ask

        def expand(expression: str) -> tuple[str, ...] | None:
            return known_values(f"${{{{ {expression} }}}}", scope()) or None

        return read_script_cached(self.text, self.shell, variables, expand) if self.text else Script()

    def unparsed_part(self) -> Iterator[KeyedFinding]:
        """Yield that a script which can use secrets was understood in part only: what hides in the rest nobody knows."""
        partial = (
            self.parse_script().incomplete_reason if self.secrets_by_variable or secrets_named_in(self.text) else None
        )
        if partial is not None:
            yield KeyedFinding(("in part", self.text[:500]), Unknown(f"all of the script at {self.place()}", partial))


def secrets_named_in(text: str) -> frozenset[str]:
    """Name the secrets that a text refers to; `*` where it reaches all of them."""
    found = secrets_in(text)
    return found | {ALL_SECRETS} if has_dynamic_secrets(text) else found


def script_steps(snapshot: Snapshot, paths: frozenset[str]) -> Iterator[ScriptStep]:
    """Go through all that runs and stands in one of these files."""
    granted = _jobs_with_id_token(snapshot)
    for workflow in snapshot.workflows.values():
        if workflow.path in paths:
            for job in workflow.jobs.values():
                id_token = (workflow.path, job.id) in granted
                yield from (_script_step(workflow, job, step, id_token=id_token) for step in job.steps)
    anywhere = bool(granted)
    for action in snapshot.actions.values():
        if action.path in paths:
            workflow, job = _as_workflow(action)
            yield from (_script_step(workflow, job, step, id_token=anywhere) for step in action.steps)
    for path, text in snapshot.followed_files.items():
        shell = _shell_of(path, text)
        if path in paths and shell:
            yield ScriptStep(path, 1, 1, text, shell, {}, {}, id_token=anywhere)


def _jobs_with_id_token(snapshot: Snapshot) -> frozenset[tuple[str, str]]:
    """Return the jobs that may request an OIDC token, by workflow and name."""
    found: set[tuple[str, str]] = set()
    for workflow in snapshot.workflows.values():
        for job in workflow.jobs.values():
            permissions = effective_permissions(workflow, job)
            if permissions is not None and permission_level(permissions, "id-token") == "write":
                found.add((workflow.path, job.id))
    return frozenset(found)


def _script_step(workflow: Workflow, job: Job, step: Step, *, id_token: bool) -> ScriptStep:
    return ScriptStep(
        file=workflow.path,
        line=step.line,
        script_line=step.run.body_line if step.run else step.line,
        text=step.run.value if step.run else "",
        shell=effective_shell(workflow, job, step),
        env=effective_env(workflow, job, step),
        inputs=step.inputs,
        job=job.id or None,
        id_token=id_token,
        workflow_step=(workflow, job, step),
    )


def _as_workflow(action: Action) -> tuple[Workflow, Job]:
    """Give a local action a workflow and a job to stand in: what calls it may be anything."""
    workflow = Workflow(action.path, action.lines, None, {}, None, {}, None, None, None, {})
    return workflow, Job("", 1, len(action.lines))


def _shell_of(path: str, text: str) -> str | None:
    ending = path[path.rfind(".") :] if "." in path.rpartition("/")[2] else ""
    if ending in _SHELL_BY_EXTENSION:
        return _SHELL_BY_EXTENSION[ending]
    first = text.partition("\n")[0]
    return first.removeprefix("#!").strip() if first.startswith("#!") and not ending else None


# What prints the whole environment.
_ENVIRONMENT_PRINTERS = frozenset({"env", "printenv", "set", "export", "declare", "compgen", "typeset"})
_WINDOWS_ENVIRONMENT_PRINTERS = frozenset({"get-childitem", "gci", "dir", "ls", "get-item", "gi"})
_MAX_DEPTH = 40  # hops through pipes and files
_MAX_DEFINITIONS = (
    4  # commands of one text, or writes to one file, that are looked into: a hostile script has thousands
)


class SecretFlow:
    """What of a step's secrets reaches each word of its script."""

    def __init__(self, script_step: ScriptStep) -> None:
        self._held = script_step.secrets_by_variable
        script = script_step.parse_script()
        self.commands = script.commands
        self._by_text: dict[str, list[Command]] = {}
        for command in script.commands:
            self._by_text.setdefault(command.text, []).append(command)
        self._written: dict[str, list[Word]] = {}
        for write in script.file_writes:
            for name in write.target.literals:
                self._written.setdefault(name, []).append(write.content)
        self._known: dict[tuple[str, str], frozenset[str]] = {}  # what was found of a command's output, or a file

    def secrets_reaching(self, command: Command) -> frozenset[str]:
        """Name the secrets that a command is given: in its words, on its input, in files that it is pointed to."""
        return frozenset(name for word in self._input_words(command) for name in self.secrets_in_word(word))

    def secrets_in_word(self, word: Word, depth: int = _MAX_DEPTH) -> frozenset[str]:
        """Name the secrets that a word was made from."""
        found: set[str] = set()
        for expression in word.expressions:
            found |= secrets_named_in(f"${{{{ {expression} }}}}")
            if expression.startswith("env."):
                found |= self._held.get(expression.removeprefix("env."), frozenset())
        for variable in word.variables:
            found |= self._held.get(variable, frozenset())
        if depth:
            for hole in word.unknown_parts:
                if hole.kind is UnknownKind.OUTPUT:
                    found |= self._secrets_in_output(hole.name, depth - 1)
            for value in word.values if self._written else ():
                found |= self._secrets_in_file(value_text(value), depth - 1)
        return frozenset(found)

    def _secrets_in_output(self, text: str, depth: int) -> frozenset[str]:
        """Name the secrets in what a command prints, by its text."""
        if _prints_environment(text.split()):
            return self._all_secrets
        commands = self._by_text.get(text, ())[:_MAX_DEFINITIONS]
        return self._secrets_in_words(
            "output", text, [word for command in commands for word in self._input_words(command)], depth
        )

    def _secrets_in_file(self, text: str, depth: int) -> frozenset[str]:
        """Name the secrets in a file that the script wrote and a word names: `@/tmp/x`, `f=@x`, `x`."""
        name = text.rpartition("@")[2].rpartition("=")[2]
        return self._secrets_in_words("file", name, self._written.get(name, ())[:_MAX_DEFINITIONS], depth)

    def _secrets_in_words(self, kind: str, name: str, words: Sequence[Word], depth: int) -> frozenset[str]:
        """Look into words that make one thing, once: a hostile script names it thousands of times, or in a circle."""
        if not words:
            return frozenset()
        if (kind, name) not in self._known:
            self._known[kind, name] = frozenset()
            self._known[kind, name] = frozenset(found for word in words for found in self.secrets_in_word(word, depth))
        return self._known[kind, name]

    @cached_property
    def _all_secrets(self) -> frozenset[str]:
        """The secrets in the environment; all that a step has counts where the environment is printed."""
        return frozenset(name for names in self._held.values() for name in names)

    def _input_words(self, command: Command) -> Iterator[Word]:
        yield from command.argv[1:]
        if command.stdin is not None:
            yield command.stdin
        for redirect in command.redirects:
            if "<" in redirect.operator:
                yield redirect.target


def _prints_environment(words: list[str]) -> bool:
    """Whether a command prints the environment."""
    if not words:
        return False
    tool, rest = words[0].lower().rpartition("/")[2], words[1:]
    if any(word.startswith("/proc/") and word.endswith("/environ") for word in rest):
        return True
    if tool in _WINDOWS_ENVIRONMENT_PRINTERS:
        return any(word.lower().startswith("env:") for word in rest)
    return tool in _ENVIRONMENT_PRINTERS and all(word.startswith("-") for word in rest)


def secrets_text(secrets: frozenset[str]) -> list[str]:
    """Name secrets as a person would; all of them is one thing."""
    named = ["every secret"] if ALL_SECRETS in secrets else sorted(secrets - {OIDC_TOKEN})
    return named + ["the token that requests the job's OIDC token"] * (OIDC_TOKEN in secrets)
