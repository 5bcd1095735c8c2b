"""The commands of a single step's script, in the shell and with the variables that its job gives it: what rules ask."""

import re
from collections.abc import Iterable
from functools import lru_cache

from bot.shell import Command, read_script_cached
from bot.workflows import Job, Step, Workflow
from bot.workflows.expressions import known_values
from bot.workflows.expressions.evaluator import context_values
from bot.workflows.graph import effective_env
from bot.workflows.shells import effective_shell

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
