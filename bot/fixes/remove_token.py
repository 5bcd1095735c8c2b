"""Take a stored token out of a job: from inputs, environment, flags and the lines and steps that log in with it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from bot.fixes.job_editor import Site
from bot.fixes.script_edits import Handing, asking, is_empty, without_flags, without_logins
from bot.fixes.steps import remove_step
from bot.fixes.texts import rewrite
from bot.fixes.tokens import Token, mentions, named_like
from bot.fixes.yaml_edits import remove
from bot.fixes.yaml_tree import NotEditedError
from bot.registries import ActionFact, CommandFact, Registry
from bot.workflows import Step

Lines = list[str | None]


@dataclass(frozen=True, slots=True)
class Call:
    """What a publishing step calls, and what is known of it."""

    tool: str
    fact: ActionFact | CommandFact


class Taker:
    """One job, and the token that is taken out of it."""

    def __init__(self, site: Site, registry: Registry, token: Token) -> None:
        self._site, self._registry, self._token = site, registry, token
        self.removed: list[int] = []  # places of steps that are gone

    def take(self, calls: Mapping[int, Call], last: int) -> None:
        """Take it out of the publishing steps, of those up to `last` that only log in, and of what stands around them."""
        for place in range(last, -1, -1):
            step = self._site.job.steps[place]
            if place in calls:
                self._from_publishing(place, step, calls[place])
            else:
                self._from_login(place, step)
        self._around({name for call in calls.values() for name in call.fact.user_env})

    def inputs(self, place: int, step: Step, names: Iterable[str]) -> None:
        """Take inputs out of a step, by their names in any case."""
        for name in named_like(step.inputs, names):
            self._edit_out("steps", place, "with", name)

    def _from_publishing(self, place: int, step: Step, call: Call) -> None:
        fact = call.fact
        held = self._token.held_by(step.inputs)
        if isinstance(fact, ActionFact):
            self.inputs(place, step, dict.fromkeys((*held, *fact.user_inputs, *_refusing(step, fact))))
        elif held:
            raise NotEditedError(f"the token is an input ({held[0]}) of an action whose inputs are not known")
        for name in dict.fromkeys((*self._token.held_by(step.env), *named_like(step.env, fact.user_env))):
            self._edit_out("steps", place, "env", name)
        if step.run is not None and isinstance(fact, CommandFact):
            lines = without_flags(self._lines(step), call.tool, fact, self._handing(step))
            lines = without_logins(lines, self._registry, self._site.work.snapshot.catalogue, self._handing(step))
            if fact.oidc_flag and fact.oidc == "token-wins":
                lines = asking(lines, " ".join(call.tool.split()[:2]), fact.oidc_flag)
            self._write(place, step, lines)

    def _from_login(self, place: int, step: Step) -> None:
        if step.run is None:
            login = self._login_inputs(step)
            if login:
                self.inputs(place, step, login)
            return
        if not self._token.reaches(self._site, step):
            return
        lines = without_logins(
            self._lines(step), self._registry, self._site.work.snapshot.catalogue, self._handing(step)
        )
        if is_empty(lines):
            if step.id is not None and any(f"steps.{step.id}." in line for line in self._site.workflow.lines):
                raise NotEditedError(f"the step {step.id} logs in, and others use what it hands on")
            self._site.edit(remove_step, self._site.path("steps"), place)
            self.removed.append(place)
            return
        if lines == self._lines(step):
            return
        self._write(place, step, lines)
        rest = "\n".join(line for line in lines if line is not None)
        for name in self._token.held_by(step.env):
            if not mentions(rest, self._token, [name]):
                self._edit_out("steps", place, "env", name)

    def _login_inputs(self, step: Step) -> tuple[str, ...]:
        """Name the inputs that hold the token of an action that logs in to the registry."""
        if step.uses is None:
            return ()
        facts = [
            known.fact
            for known in self._site.work.snapshot.catalogue.actions(step.uses.value)
            if known.registry == self._registry.id and known.fact.role in ("login", "setup", "mint")
        ]
        known = {name.lower() for fact in facts for name in fact.token_inputs}
        return tuple(name for name in self._token.held_by(step.inputs) if name.lower() in known)

    def _around(self, users: Collection[str]) -> None:
        """Take it out of the environment of the job and of the workflow, which other jobs may want."""
        for name in self._token.held_by(self._site.job.env):
            self._edit_out("env", name)
        for name in self._token.held_by(self._site.workflow.env):
            others = [job.id for job in self._site.workflow.jobs.values() if job.id != self._site.job.id]
            if others:
                self._site.note(f"The variable {name} is gone from the whole workflow; see that no other job wants it.")
            self._site.edit(remove, ("env", name))
        for name in named_like(self._site.job.env, users):
            if name not in self._token.held_by(self._site.job.env):
                self._edit_out("env", name)
        for name in named_like(self._site.workflow.env, users):
            if name not in self._token.held_by(self._site.workflow.env):
                self._site.edit(remove, ("env", name))

    def _edit_out(self, *path: str | int) -> None:
        self._site.edit(remove, self._site.path(*path))

    def _write(self, place: int, step: Step, lines: Lines) -> None:
        if lines == self._lines(step):
            return
        if is_empty(lines):
            raise NotEditedError("nothing would be left of the script")
        self._site.edit(rewrite, self._site.path("steps", place, "run"), lines)

    def _lines(self, step: Step) -> Lines:
        return [*(step.run.value.split("\n") if step.run else [])]

    def _handing(self, step: Step) -> Handing:
        return Handing(self._token, self._token.variables(self._site, step), self._site.shell(step))


def _refusing(step: Step, fact: ActionFact) -> tuple[str, ...]:
    """Name the inputs that keep an action from asking for OIDC, which it would do without them."""
    tests = fact.oidc_inputs if fact.oidc == "on-request" else ()
    given = {name.lower(): text.value.lower() for name, text in step.inputs.items()}
    return tuple(
        test.name for test in tests if test.default and given.get(test.name.lower(), test.default) not in test.values
    )
