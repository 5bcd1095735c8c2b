"""The steps of workflows and local actions, one by one, with what their scripts run and which secrets reach them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from bot.checks.alerts.new_findings import Sight
from bot.detection.scripts import held, names_in
from bot.model.findings import Place, Unseen
from bot.shell import Script, read_once
from bot.snapshot.repository_snapshot import Snapshot
from bot.workflows import Action, Job, Step, Text, Workflow
from bot.workflows.expressions import Scope, dynamic_secrets, known_values, scope_of, secrets_in
from bot.workflows.graph import effective_env
from bot.workflows.shells import effective_shell

EVERY = "*"  # in place of a secret's name: all of them
_SHELLS = {".sh": "bash", ".bash": "bash", ".ps1": "pwsh", ".py": "python", ".js": "node", ".cjs": "node", ".mjs": "node"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ran:
    """A step, or a file that a step was followed into: its text, and the variables that hold secrets there."""

    file: str
    line: int  # of the step, or 1
    body: int  # the line on which its script begins
    text: str
    shell: str
    env: Mapping[str, Text]  # the step's effective environment; empty for a followed file
    inputs: Mapping[str, Text]  # of an action's `with:`
    job: str | None = None
    source: tuple[Workflow, Job, Step] | None = None

    def place(self, line: int | None = None) -> Place:
        """Return the place of a line of the script, 0-based, or of the step."""
        number = self.line if line is None else self.body + line
        return Place(self.file, number, number)

    @property
    def secrets(self) -> Mapping[str, frozenset[str]]:
        """The secrets that each variable of the environment holds."""
        return {name: found for name, text in self.env.items() if (found := named(text.value))}

    def script(self) -> Script:
        """Read the script; what it could not know stays unknown, and is named after the variable it came from."""
        variables = {name: (held(self.env[name].value, name),) for name in names_in(self.text, self.shell, self.env)}
        scope = lru_cache(maxsize=1)(lambda: scope_of(*self.source) if self.source else Scope())  # few scripts ask

        def expand(expression: str) -> tuple[str, ...] | None:
            return known_values(f"${{{{ {expression} }}}}", scope()) or None

        return read_once(self.text, self.shell, variables, expand) if self.text else Script()

    def in_part(self) -> Iterator[Sight]:
        """Yield that a script which can use secrets was understood in part only: what hides in the rest nobody knows."""
        partial = self.script().partial if self.secrets or named(self.text) else None
        if partial is not None:
            yield Sight(("in part", self.text[:500]), Unseen(f"all of the script at {self.place()}", partial))


def named(text: str) -> frozenset[str]:
    """Name the secrets that a text refers to; `*` where it reaches all of them."""
    found = secrets_in(text)
    return found | {EVERY} if dynamic_secrets(text) else found


def ran(snapshot: Snapshot, paths: frozenset[str]) -> Iterator[Ran]:
    """Go through all that runs and stands in one of these files."""
    for workflow in snapshot.workflows.values():
        if workflow.path in paths:
            for job in workflow.jobs.values():
                yield from (_step(workflow, job, step) for step in job.steps)
    for action in snapshot.actions.values():
        if action.path in paths:
            workflow, job = _alone(action)
            yield from (_step(workflow, job, step) for step in action.steps)
    for path, text in snapshot.texts.items():
        shell = _shell_of(path, text)
        if path in paths and shell:
            yield Ran(path, 1, 1, text, shell, {}, {})


def _step(workflow: Workflow, job: Job, step: Step) -> Ran:
    return Ran(
        file=workflow.path,
        line=step.line,
        body=step.run.body_line if step.run else step.line,
        text=step.run.value if step.run else "",
        shell=effective_shell(workflow, job, step),
        env=effective_env(workflow, job, step),
        inputs=step.inputs,
        job=job.id or None,
        source=(workflow, job, step),
    )


def _alone(action: Action) -> tuple[Workflow, Job]:
    """Give a local action a workflow and a job to stand in: what calls it may be anything."""
    workflow = Workflow(action.path, action.lines, None, {}, None, {}, None, None, None, {})
    return workflow, Job("", 1, len(action.lines))


def _shell_of(path: str, text: str) -> str | None:
    ending = path[path.rfind(".") :] if "." in path.rpartition("/")[2] else ""
    if ending in _SHELLS:
        return _SHELLS[ending]
    first = text.partition("\n")[0]
    return first.removeprefix("#!").strip() if first.startswith("#!") and not ending else None
