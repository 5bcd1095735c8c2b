"""Finds the caches that a job restores from other runs, by the known behavior of each action.

The facts about actions have their sources and are dated 2026-11.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.workflows.expressions import context_values, known_values, possible_values
from bot.workflows.graph import RunnerLifetime, runner_lifetime
from bot.workflows.workflow import Job, Step, Uses, Workflow, read_uses

OFF_VALUES = frozenset({"", "false"})


@dataclass(frozen=True, slots=True)
class CacheBehavior:
    """One way in which an action comes to restore a cache."""

    action: str  # in lower case
    source: str
    input: str | None = None  # that decides; None: it always restores
    on_by_default: bool = True  # what happens when the input is not written
    off_values: frozenset[str] = OFF_VALUES  # values of the input that switch the cache off
    off_values_enable: bool = False  # the values in `off` switch it on instead: the input says "no cache"
    since_major: int | None = None  # the default holds from this major version
    before_major: int | None = None  # and below this one
    github_hosted_only: bool = False  # the default holds on GitHub's own runners alone
    default_depends_on: str = ""  # what else the default depends on, and the workflow does not show


def _off_by_default(action: str, name: str, source: str) -> CacheBehavior:
    return CacheBehavior(action, source, name, on_by_default=False)


def _on_by_default(
    action: str, name: str, source: str, *, since: int | None = None, depends: str = ""
) -> CacheBehavior:
    return CacheBehavior(action, source, name, since_major=since, default_depends_on=depends)


def _on_unless_disabled(action: str, name: str, source: str) -> CacheBehavior:
    """Make a fact of an input that switches the cache off: `cache-disabled: true`, `lookup-only: true`."""
    return CacheBehavior(action, source, name, off_values_enable=True)


_CACHE_BEHAVIORS = (
    _on_unless_disabled("actions/cache", "lookup-only", "github.com/actions/cache/blob/main/action.yml"),
    _on_unless_disabled("actions/cache/restore", "lookup-only", "github.com/actions/cache/blob/main/restore/action.yml"),
    _off_by_default("actions/setup-node", "cache", "github.com/actions/setup-node/blob/main/action.yml"),
    _on_by_default(
        "actions/setup-node", "package-manager-cache", "github.com/actions/setup-node/releases/tag/v5.0.0",
        since=5, depends="where package.json names npm as its package manager",
    ),
    _off_by_default("actions/setup-python", "cache", "github.com/actions/setup-python/blob/main/action.yml"),
    _off_by_default("actions/setup-java", "cache", "github.com/actions/setup-java/blob/main/action.yml"),
    _off_by_default("actions/setup-dotnet", "cache", "github.com/actions/setup-dotnet/blob/main/action.yml"),
    _on_by_default("actions/setup-go", "cache", "github.com/actions/setup-go/blob/main/action.yml", since=4),
    CacheBehavior(
        "astral-sh/setup-uv", "github.com/astral-sh/setup-uv/blob/main/action.yml", "enable-cache",
        before_major=10, github_hosted_only=True,
    ),
    _off_by_default("ruby/setup-ruby", "bundler-cache", "github.com/ruby/setup-ruby/blob/master/action.yml"),
    _off_by_default("graalvm/setup-graalvm", "cache", "github.com/graalvm/setup-graalvm/blob/main/action.yml"),
    _off_by_default("pyo3/maturin-action", "sccache", "github.com/PyO3/maturin-action/blob/main/action.yml"),
    _off_by_default("denoland/setup-deno", "cache", "github.com/denoland/setup-deno/blob/main/action.yml"),
    _off_by_default("pdm-project/setup-pdm", "cache", "github.com/pdm-project/setup-pdm/blob/main/action.yml"),
    _off_by_default("subosito/flutter-action", "cache", "github.com/subosito/flutter-action/blob/main/action.yaml"),
    _on_by_default("mlugg/setup-zig", "use-cache", "github.com/mlugg/setup-zig/blob/main/action.yml"),
    _on_by_default("jdx/mise-action", "cache", "github.com/jdx/mise-action/blob/main/action.yml"),
    _on_by_default(
        "actions-rust-lang/setup-rust-toolchain", "cache",
        "github.com/actions-rust-lang/setup-rust-toolchain/blob/main/action.yml",
    ),
    _on_by_default(
        "determinatesystems/magic-nix-cache-action", "use-gha-cache",
        "github.com/DeterminateSystems/magic-nix-cache-action/blob/main/action.yml",
    ),
    _on_unless_disabled("oven-sh/setup-bun", "no-cache", "github.com/oven-sh/setup-bun/blob/main/action.yml"),
    _on_unless_disabled("swatinem/rust-cache", "lookup-only", "github.com/Swatinem/rust-cache/blob/master/action.yml"),
    _on_unless_disabled(
        "gradle/actions/setup-gradle", "cache-disabled", "github.com/gradle/actions/blob/main/setup-gradle/action.yml"
    ),
    _on_unless_disabled(
        "gradle/gradle-build-action", "cache-disabled", "github.com/gradle/gradle-build-action/blob/main/action.yml"
    ),
    CacheBehavior(
        "ramsey/composer-install", "github.com/ramsey/composer-install/blob/v3/action.yml", "ignore-cache",
        off_values=frozenset({"", "false", "no", "0"}), off_values_enable=True,
    ),
    CacheBehavior("mozilla-actions/sccache-action", "github.com/Mozilla-Actions/sccache-action/blob/main/action.yml"),
    CacheBehavior("nix-community/cache-nix-action", "github.com/nix-community/cache-nix-action/blob/main/action.yml"),
    CacheBehavior("awalsh128/cache-apt-pkgs-action", "github.com/awalsh128/cache-apt-pkgs-action/blob/master/action.yml"),
    CacheBehavior("hendrikmuhs/ccache-action", "github.com/hendrikmuhs/ccache-action/blob/main/action.yml"),
)  # fmt: skip

CACHE_BEHAVIORS_BY_ACTION: dict[str, tuple[CacheBehavior, ...]] = {
    action: tuple(fact for fact in _CACHE_BEHAVIORS if fact.action == action)
    for action in dict.fromkeys(f.action for f in _CACHE_BEHAVIORS)
}


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
