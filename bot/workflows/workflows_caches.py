"""Caches that a job restores: content another run left behind, which no review ever sees."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.workflows.caches import FACTS, CacheFact
from bot.workflows.expressions import known_values, possible_values, scope_of
from bot.workflows.runners import Machine, machine_of
from bot.workflows.uses import Uses, read_uses
from bot.workflows.workflow import Job, Step, Workflow

_BUILDX = (
    "docker/build-push-action",
    "docker/bake-action",
)  # https://docs.docker.com/build/cache/backends/gha/, 2026-11
_BUILDX_INPUTS = ("cache-from", "set")


@dataclass(frozen=True, slots=True)
class Cache:
    """A step that restores a cache; `certain` is False where it depends on what the file does not show."""

    step: Step
    action: str
    certain: bool
    why: str


def caches_in(workflow: Workflow, job: Job) -> tuple[Cache, ...]:
    """Give the steps of a job that restore a cache, in order. Saving one alone brings nothing in and does not count."""
    return tuple(_caches(workflow, job))


def _caches(workflow: Workflow, job: Job) -> Iterator[Cache]:
    for step in job.steps:
        if step.uses is None:
            continue
        uses = read_uses(step.uses.value)
        if uses.name in FACTS and (found := _by_fact(workflow, job, step, uses)) is not None:
            yield found
        elif uses.name in _BUILDX:
            yield from _buildx(workflow, job, step, uses.name)


def _by_fact(workflow: Workflow, job: Job, step: Step, uses: Uses) -> Cache | None:
    best: Cache | None = None
    for fact in FACTS[uses.name]:
        answer = _restores(workflow, job, step, uses, fact)
        if answer is not False and (best is None or not best.certain):
            best = Cache(step, uses.name, answer is True, _reason(fact, step))
    return best


def _restores(workflow: Workflow, job: Job, step: Step, uses: Uses, fact: CacheFact) -> bool | None:
    """Tell whether a fact holds for a step; None where the file does not settle it."""
    given = None if fact.input is None else step.inputs.get(fact.input)
    if given is None:
        if fact.input is not None and step.inputs_expression is not None:
            return None
        return _by_default(workflow, job, uses, fact)
    values = possible_values(given.value, scope_of(workflow, job, step))
    if values is None:
        return None
    answers = {(value.strip().lower() in fact.off) is fact.inverted for value in values}
    return answers.pop() if len(answers) == 1 else None


def _by_default(workflow: Workflow, job: Job, uses: Uses, fact: CacheFact) -> bool | None:
    if not fact.by_default:
        return False
    if fact.since is not None or fact.before is not None:
        if uses.major is None:
            return None
        if not (fact.since or 0) <= uses.major < (fact.before or uses.major + 1):
            return False
    if fact.hosted and machine_of(workflow, job)[0] is not Machine.NEW:
        return None
    return None if fact.depends else True


def _reason(fact: CacheFact, step: Step) -> str:
    if fact.input is None:
        return "restores a cache each time"
    if fact.input in step.inputs:
        return f"its input {fact.input} lets it restore a cache"
    return f"restores a cache unless its input {fact.input} says otherwise" + (
        ", on GitHub's own runners" if fact.hosted else f", {fact.depends}" if fact.depends else ""
    )


def _buildx(workflow: Workflow, job: Job, step: Step, action: str) -> Iterator[Cache]:
    """Find `cache-from: type=gha`, where the builder's layers come from GitHub's cache."""
    scope = scope_of(workflow, job, step)
    for name in _BUILDX_INPUTS:
        given = step.inputs.get(name)
        if given is None:
            continue
        values = known_values(given.value, scope) or (given.value,)
        if any("type=gha" in value and (name == "cache-from" or "cache-from" in value) for value in values):
            certain = possible_values(given.value, scope) is not None
            yield Cache(step, action, certain, f"its input {name} takes layers from GitHub's cache")
            return
