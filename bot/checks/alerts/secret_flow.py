"""The steps of workflows and local actions, one by one, with what their scripts run and which secrets reach them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from bot.checks.alerts.new_findings import KeyedFinding
from bot.detection.scripts import mentioned_variables, name_unknown_parts
from bot.model.findings import Location, Unknown
from bot.shell import Script, read_script_cached
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import Action, Job, SourceText, Step, Workflow
from bot.workflows.expressions import ContextValues, context_values, has_dynamic_secrets, known_values, secrets_in
from bot.workflows.graph import effective_env
from bot.workflows.shells import effective_shell

ALL_SECRETS = "*"  # in place of a secret's name: all of them
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
    workflow_step: tuple[Workflow, Job, Step] | None = None

    def place(self, line: int | None = None) -> Location:
        """Return the place of a line of the script, 0-based, or of the step."""
        number = self.line if line is None else self.script_line + line
        return Location(self.file, number, number)

    @property
    def secrets_by_variable(self) -> Mapping[str, frozenset[str]]:
        """The secrets that each variable of the environment holds."""
        return {name: found for name, text in self.env.items() if (found := secrets_named_in(text.value))}

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
    for workflow in snapshot.workflows.values():
        if workflow.path in paths:
            for job in workflow.jobs.values():
                yield from (_script_step(workflow, job, step) for step in job.steps)
    for action in snapshot.actions.values():
        if action.path in paths:
            workflow, job = _as_workflow(action)
            yield from (_script_step(workflow, job, step) for step in action.steps)
    for path, text in snapshot.followed_files.items():
        shell = _shell_of(path, text)
        if path in paths and shell:
            yield ScriptStep(path, 1, 1, text, shell, {}, {})


def _script_step(workflow: Workflow, job: Job, step: Step) -> ScriptStep:
    return ScriptStep(
        file=workflow.path,
        line=step.line,
        script_line=step.run.body_line if step.run else step.line,
        text=step.run.value if step.run else "",
        shell=effective_shell(workflow, job, step),
        env=effective_env(workflow, job, step),
        inputs=step.inputs,
        job=job.id or None,
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
