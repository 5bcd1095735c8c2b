"""A step that fetches a short-lived token, put in front of the one that wants it; or what asks for one where a step logs in."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.fixes.job_editor import Site
from bot.fixes.steps import insert_step
from bot.fixes.texts import substitute
from bot.fixes.tokens import Token
from bot.fixes.versions import remark_pins
from bot.fixes.writing import Value
from bot.fixes.yaml_edits import put, remove
from bot.fixes.yaml_tree import NotEditedError
from bot.registries import Migration, action_name
from bot.registries.registry import Mint
from bot.workflows import Job


@dataclass(frozen=True, slots=True)
class Fetched:
    """The output that stands where a stored token stood."""

    token: Token
    name: str

    @property
    def expression(self) -> str:
        return f"${{{{ {self.name} }}}}"

    def __call__(self, text: str) -> str:
        return self.token.pattern.sub(self.name, text)


def exchange(site: Site, publishing: Sequence[int], mint: Mint, token: Token) -> None:
    """Let a step fetch a token, and put that where the stored one stood."""
    last = max(publishing)
    using = {n for n, step in enumerate(site.job.steps[: last + 1]) if token.reaches(site, step)} | set(publishing)
    name = _free_id(site.job)
    fetched = Fetched(token, f"steps.{name}.outputs.{mint.output}")
    for place in sorted(using):
        _hand(site, place, fetched)
    for key in token.held_by(site.job.env):
        site.edit(remove, site.path("env", key))
    for key in token.held_by(site.workflow.env):
        site.note(f"The variable {key} is gone from the whole workflow; see that no other job wants it.")
        site.edit(remove, ("env", key))
    fetch(site, min(using), mint, name)


def _hand(site: Site, place: int, fetched: Fetched) -> None:
    """Hand a step the fetched token in the way in which it was handed the stored one."""
    step, token = site.job.steps[place], fetched.token
    for key in token.held_by(step.inputs):
        site.edit(substitute, site.path("steps", place, "with", key), fetched)
    for key in token.held_by(step.env):
        site.edit(substitute, site.path("steps", place, "env", key), fetched)
    if step.run is not None and token.within(step.run.value):
        site.edit(substitute, site.path("steps", place, "run"), fetched)
    around = {*token.held_by(site.workflow.env), *token.held_by(site.job.env)} - set(step.env)
    for name in sorted(around):
        give(site.now(), place, name, fetched.expression)


def fetch(site: Site, place: int, mint: Mint, name: str | None) -> None:
    """Put the step that fetches a token in front of the one at `place`, under the same condition."""
    step: dict[str, Value] = {"uses": mint.uses}
    if name is not None:
        step["id"] = name
    condition = site.job.steps[place].condition
    if condition is not None:
        if "\n" in condition.value:
            raise NotEditedError("the condition of the publishing step goes on over several lines")
        step["if"] = condition.value
    if mint.inputs:
        step["with"] = dict(mint.inputs)
        site.note(f"Fill in what {mint.uses} is given: {', '.join(mint.inputs.values())}.")
    site.edit(insert_step, site.path("steps"), place, step)
    remark_pins(site, mint.uses)


def fetches(job: Job, mint: Mint, last: int) -> bool:
    """Whether a job fetches its token already, before the step at `last`."""
    wanted = action_name(mint.uses)
    return any(step.uses is not None and action_name(step.uses.value) == wanted for step in job.steps[:last])


def ask(site: Site, place: int, migration: Migration) -> None:
    """Set what asks for a short-lived token on the step that logs in."""
    for name, value in migration.env.items():
        if name not in site.job.steps[place].env:
            give(site.now(), place, name, value)
            for said in (each for each in migration.workflow if name in each):
                site.note(said)
            site.note(f"Set {value.strip('${} ')} as a variable of the repository or organization.")


def give(site: Site, place: int, name: str, value: str) -> None:
    """Set one variable on a step."""
    if site.job.steps[place].env:
        site.edit(put, site.path("steps", place, "env"), name, value)
    else:
        site.edit(put, site.path("steps", place), "env", {name: value})


def _free_id(job: Job) -> str:
    taken = {step.id for step in job.steps}
    names = ("auth", "registry-auth", *(f"auth-{number}" for number in range(2, len(job.steps) + 3)))
    return next(name for name in names if name not in taken)
