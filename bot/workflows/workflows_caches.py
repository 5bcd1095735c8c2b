"""Caches that a job restores: content another run left behind, which no review ever sees."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.workflows.caches import CACHE_BEHAVIORS_BY_ACTION, CacheBehavior
from bot.workflows.expressions import context_values, known_values, possible_values
from bot.workflows.runners import RunnerLifetime, runner_lifetime
from bot.workflows.uses import Uses, read_uses
from bot.workflows.workflow import Job, Step, Workflow

_BUILDX_ACTIONS = (
    "docker/build-push-action",
    "docker/bake-action",
)  # https://docs.docker.com/build/cache/backends/gha/, 2026-11
_BUILDX_CACHE_INPUTS = ("cache-from", "set")


@dataclass(frozen=True, slots=True)
class CacheRestore:
    """A step that restores a cache; `certain` is False where it depends on what the file does not show."""

    step: Step
    action: str
    certain: bool
    reason: str


def cache_restores(workflow: Workflow, job: Job) -> tuple[CacheRestore, ...]:
    """Give the steps of a job that restore a cache, in order. Saving one alone brings nothing in and does not count."""
    return tuple(_restores_in(workflow, job))


def _restores_in(workflow: Workflow, job: Job) -> Iterator[CacheRestore]:
    for step in job.steps:
        if step.uses is None:
            continue
        uses = read_uses(step.uses.value)
        if (
            uses.name in CACHE_BEHAVIORS_BY_ACTION
            and (found := _restore_of_action(workflow, job, step, uses)) is not None
        ):
            yield found
        elif uses.name in _BUILDX_ACTIONS:
            yield from _buildx_restores(workflow, job, step, uses.name)


def _restore_of_action(workflow: Workflow, job: Job, step: Step, action: Uses) -> CacheRestore | None:
    best: CacheRestore | None = None
    for fact in CACHE_BEHAVIORS_BY_ACTION[action.name]:
        answer = _may_restore(workflow, job, step, action, fact)
        if answer is not False and (best is None or not best.certain):
            best = CacheRestore(step, action.name, answer is True, _restore_reason(fact, step))
    return best


def _may_restore(workflow: Workflow, job: Job, step: Step, uses: Uses, behavior: CacheBehavior) -> bool | None:
    """Tell whether a fact holds for a step; None where the file does not settle it."""
    given = None if behavior.input is None else step.inputs.get(behavior.input)
    if given is None:
        if behavior.input is not None and step.inputs_expression is not None:
            return None
        return _restores_by_default(workflow, job, uses, behavior)
    values = possible_values(given.value, context_values(workflow, job, step))
    if values is None:
        return None
    answers = {(value.strip().lower() in behavior.off_values) is behavior.off_values_enable for value in values}
    return answers.pop() if len(answers) == 1 else None


def _restores_by_default(workflow: Workflow, job: Job, uses: Uses, behavior: CacheBehavior) -> bool | None:
    if not behavior.on_by_default:
        return False
    if behavior.since_major is not None or behavior.before_major is not None:
        if uses.major is None:
            return None
        if not (behavior.since_major or 0) <= uses.major < (behavior.before_major or uses.major + 1):
            return False
    if behavior.github_hosted_only and runner_lifetime(workflow, job)[0] is not RunnerLifetime.EPHEMERAL:
        return None
    return None if behavior.default_depends_on else True


def _restore_reason(behavior: CacheBehavior, step: Step) -> str:
    if behavior.input is None:
        return "restores a cache each time"
    if behavior.input in step.inputs:
        return f"its input {behavior.input} lets it restore a cache"
    return f"restores a cache unless its input {behavior.input} says otherwise" + (
        ", on GitHub's own runners"
        if behavior.github_hosted_only
        else f", {behavior.default_depends_on}"
        if behavior.default_depends_on
        else ""
    )


def _buildx_restores(workflow: Workflow, job: Job, step: Step, action: str) -> Iterator[CacheRestore]:
    """Find `cache-from: type=gha`, where the builder's layers come from GitHub's cache."""
    scope = context_values(workflow, job, step)
    for name in _BUILDX_CACHE_INPUTS:
        given = step.inputs.get(name)
        if given is None:
            continue
        values = known_values(given.value, scope) or (given.value,)
        if any("type=gha" in value and (name == "cache-from" or "cache-from" in value) for value in values):
            certain = possible_values(given.value, scope) is not None
            yield CacheRestore(step, action, certain, f"its input {name} takes layers from GitHub's cache")
            return
