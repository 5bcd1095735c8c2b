"""A step that fetches a short-lived token, put in front of the one that wants it; or what asks for one where a step logs in."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.fixes.job_editor import JobEditor
from bot.fixes.steps import insert_step
from bot.fixes.texts import edit_scalar
from bot.fixes.tokens import StoredToken
from bot.fixes.versions import note_pinned_actions
from bot.fixes.writing import YamlValue
from bot.fixes.yaml_edits import remove_key, set_key
from bot.fixes.yaml_tree import UnsafeEditError
from bot.registries import Migration, action_name
from bot.registries.registry import TokenExchange
from bot.workflows import Job


@dataclass(frozen=True, slots=True)
class FetchedToken:
    """The output that stands where a stored token stood."""

    token: StoredToken
    output: str

    @property
    def expression(self) -> str:
        return f"${{{{ {self.output} }}}}"

    def __call__(self, text: str) -> str:
        return self.token.pattern.sub(self.output, text)


def exchange_token(
    editor: JobEditor, publishing: Sequence[int], token_exchange: TokenExchange, token: StoredToken
) -> None:
    """Let a step fetch a token, and put that where the stored one stood."""
    last = max(publishing)
    using = {n for n, step in enumerate(editor.job.steps[: last + 1]) if token.reaches(editor, step)} | set(publishing)
    name = _unused_step_id(editor.job)
    fetched = FetchedToken(token, f"steps.{name}.outputs.{token_exchange.output}")
    for place in sorted(using):
        _use_fetched_token(editor, place, fetched)
    for key in token.keys_naming(editor.job.env):
        editor.edit(remove_key, editor.path("env", key))
    for key in token.keys_naming(editor.workflow.env):
        editor.note(f"The variable {key} is gone from the whole workflow; see that no other job wants it.")
        editor.edit(remove_key, ("env", key))
    add_exchange_step(editor, min(using), token_exchange, name)


def _use_fetched_token(editor: JobEditor, index: int, fetched: FetchedToken) -> None:
    """Hand a step the fetched token in the way in which it was handed the stored one."""
    step, token = editor.job.steps[index], fetched.token
    for key in token.keys_naming(step.inputs):
        editor.edit(edit_scalar, editor.path("steps", index, "with", key), fetched)
    for key in token.keys_naming(step.env):
        editor.edit(edit_scalar, editor.path("steps", index, "env", key), fetched)
    if step.run is not None and token.is_named_in(step.run.value):
        editor.edit(edit_scalar, editor.path("steps", index, "run"), fetched)
    around = {*token.keys_naming(editor.workflow.env), *token.keys_naming(editor.job.env)} - set(step.env)
    for name in sorted(around):
        set_env(editor.refreshed(), index, name, fetched.expression)


def add_exchange_step(editor: JobEditor, index: int, token_exchange: TokenExchange, name: str | None) -> None:
    """Put the step that fetches a token in front of the one at `place`, under the same condition."""
    step: dict[str, YamlValue] = {"uses": token_exchange.uses}
    if name is not None:
        step["id"] = name
    condition = editor.job.steps[index].condition
    if condition is not None:
        if "\n" in condition.value:
            raise UnsafeEditError("the condition of the publishing step goes on over several lines")
        step["if"] = condition.value
    if token_exchange.inputs:
        step["with"] = dict(token_exchange.inputs)
        editor.note(f"Fill in what {token_exchange.uses} is given: {', '.join(token_exchange.inputs.values())}.")
    editor.edit(insert_step, editor.path("steps"), index, step)
    note_pinned_actions(editor, token_exchange.uses)


def has_exchange_step(job: Job, token_exchange: TokenExchange, last: int) -> bool:
    """Whether a job fetches its token already, before the step at `last`."""
    wanted = action_name(token_exchange.uses)
    return any(step.uses is not None and action_name(step.uses.value) == wanted for step in job.steps[:last])


def request_token(editor: JobEditor, index: int, migration: Migration) -> None:
    """Set what asks for a short-lived token on the step that logs in."""
    for name, value in migration.env.items():
        if name not in editor.job.steps[index].env:
            set_env(editor.refreshed(), index, name, value)
            for said in (each for each in migration.workflow if name in each):
                editor.note(said)
            editor.note(f"Set {value.strip('${} ')} as a variable of the repository or organization.")


def set_env(editor: JobEditor, index: int, name: str, value: str) -> None:
    """Set one variable on a step."""
    if editor.job.steps[index].env:
        editor.edit(set_key, editor.path("steps", index, "env"), name, value)
    else:
        editor.edit(set_key, editor.path("steps", index), "env", {name: value})


def _unused_step_id(job: Job) -> str:
    taken = {step.id for step in job.steps}
    names = ("auth", "registry-auth", *(f"auth-{number}" for number in range(2, len(job.steps) + 3)))
    return next(name for name in names if name not in taken)
