"""What the contexts of expressions hold: secrets, environment, inputs, matrix, and outputs of steps and jobs."""

from collections.abc import Callable, Mapping

from bot.detection.job_state import EMPTY_VALUE, Value, ValueOrigin, unknown_value
from bot.detection.scene import StepScope
from bot.model.core_types import Credential

_OUTPUT_PARTS = 3  # words of steps.ID.outputs.NAME behind the context


def resolve_reference(path: str, scope: StepScope) -> Value:
    """Say what a reference with dots holds (`secrets.NPM_TOKEN`, `steps.auth.outputs.token`); the context is in lower case."""
    context, _, rest = path.partition(".")
    known = _CONTEXT_READERS.get(context)
    found = known(rest, scope) if known else None
    return unknown_value(path) if found is None else found


def _secret(name: str, scope: StepScope) -> Value | None:
    if name.upper() == "GITHUB_TOKEN":
        return unknown_value(f"secrets.{name}", ValueOrigin(Credential.GITHUB_TOKEN, name))
    if name in ("", "*"):
        return unknown_value(f"secrets.{name}", ValueOrigin(Credential.LONG_LIVED))
    if scope.secrets is not None:
        return scope.secrets.get(name.upper(), EMPTY_VALUE)
    return unknown_value(f"secrets.{name}", ValueOrigin(Credential.LONG_LIVED, name))


def _github(name: str, _: StepScope) -> Value | None:
    return unknown_value("github.token", ValueOrigin(Credential.GITHUB_TOKEN)) if name.lower() == "token" else None


def _env(name: str, scope: StepScope) -> Value | None:
    return scope.env.get(name)


def _inputs(name: str, scope: StepScope) -> Value | None:
    return scope.inputs.get(name.lower()) if scope.inputs is not None else None


def _event(name: str, scope: StepScope) -> Value | None:
    """`github.event.inputs.x` is `inputs.x` as text."""
    start = "event.inputs."
    return _inputs(name[len(start) :], scope) if name.lower().startswith(start) else _github(name, scope)


def _matrix(name: str, scope: StepScope) -> Value | None:
    values = scope.matrix.get(name)
    if not values:
        return None
    return Value(tuple(values[:16]))


def _steps(name: str, scope: StepScope) -> Value | None:
    words = name.split(".")
    if len(words) != _OUTPUT_PARTS or words[1] != "outputs":
        return None
    known = scope.steps.get(words[0].lower(), {})
    return known.get(words[2]) or known.get("*") or unknown_value(f"steps.{name}", ValueOrigin(Credential.UNKNOWN))


def _needs(name: str, scope: StepScope) -> Value | None:
    words = name.split(".")
    if len(words) != _OUTPUT_PARTS or words[1] != "outputs":
        return None
    return scope.needs.get(words[0], {}).get(words[2])


def _vars(name: str, _: StepScope) -> Value | None:
    return unknown_value(f"vars.{name}", ValueOrigin(Credential.UNKNOWN))


_CONTEXT_READERS: Mapping[str, Callable[[str, StepScope], Value | None]] = {
    "secrets": _secret,
    "github": _event,
    "env": _env,
    "inputs": _inputs,
    "matrix": _matrix,
    "steps": _steps,
    "needs": _needs,
    "vars": _vars,
}
