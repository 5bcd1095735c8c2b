"""What the contexts of expressions hold: secrets, environment, inputs, matrix, and outputs of steps and jobs."""

from collections.abc import Callable, Mapping

from bot.detection.job_state import EMPTY, Origin, Value, unknown
from bot.detection.scene import Scope
from bot.model.core_types import Credential

_OUTPUT = 3  # words of steps.ID.outputs.NAME behind the context


def look_up(path: str, scope: Scope) -> Value:
    """Say what a reference with dots holds (`secrets.NPM_TOKEN`, `steps.auth.outputs.token`); the context is in lower case."""
    context, _, rest = path.partition(".")
    known = _CONTEXTS.get(context)
    found = known(rest, scope) if known else None
    return unknown(path) if found is None else found


def _secret(name: str, scope: Scope) -> Value | None:
    if name.upper() == "GITHUB_TOKEN":
        return unknown(f"secrets.{name}", Origin(Credential.GITHUB_TOKEN, name))
    if name in ("", "*"):
        return unknown(f"secrets.{name}", Origin(Credential.LONG_LIVED))
    if scope.secrets is not None:
        return scope.secrets.get(name.upper(), EMPTY)
    return unknown(f"secrets.{name}", Origin(Credential.LONG_LIVED, name))


def _github(name: str, _: Scope) -> Value | None:
    return unknown("github.token", Origin(Credential.GITHUB_TOKEN)) if name.lower() == "token" else None


def _env(name: str, scope: Scope) -> Value | None:
    return scope.env.get(name)


def _inputs(name: str, scope: Scope) -> Value | None:
    return scope.inputs.get(name.lower()) if scope.inputs is not None else None


def _event(name: str, scope: Scope) -> Value | None:
    """`github.event.inputs.x` is `inputs.x` as text."""
    start = "event.inputs."
    return _inputs(name[len(start) :], scope) if name.lower().startswith(start) else _github(name, scope)


def _matrix(name: str, scope: Scope) -> Value | None:
    values = scope.matrix.get(name)
    if not values:
        return None
    return Value(tuple(values[:16]))


def _steps(name: str, scope: Scope) -> Value | None:
    words = name.split(".")
    if len(words) != _OUTPUT or words[1] != "outputs":
        return None
    known = scope.steps.get(words[0].lower(), {})
    return known.get(words[2]) or known.get("*") or unknown(f"steps.{name}", Origin(Credential.UNKNOWN))


def _needs(name: str, scope: Scope) -> Value | None:
    words = name.split(".")
    if len(words) != _OUTPUT or words[1] != "outputs":
        return None
    return scope.needs.get(words[0], {}).get(words[2])


def _vars(name: str, _: Scope) -> Value | None:
    return unknown(f"vars.{name}", Origin(Credential.UNKNOWN))


_CONTEXTS: Mapping[str, Callable[[str, Scope], Value | None]] = {
    "secrets": _secret,
    "github": _event,
    "env": _env,
    "inputs": _inputs,
    "matrix": _matrix,
    "steps": _steps,
    "needs": _needs,
    "vars": _vars,
}
