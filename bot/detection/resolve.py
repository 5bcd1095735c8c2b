"""Resolves `${{ }}` expressions to their possible values and the secrets that they contain."""

from collections.abc import Callable, Mapping

from bot.detection.job_state import (
    EMPTY_VALUE,
    StepScope,
    Value,
    ValueOrigin,
    limit_texts,
    literal_value,
    unknown_value,
)
from bot.model.core_types import Credential
from bot.workflows.expressions import evaluate_condition
from bot.workflows.expressions.contexts import dotted_reference
from bot.workflows.expressions.evaluator import ContextValues as Proof
from bot.workflows.expressions.syntax import (
    Compare,
    ContextName,
    Expression,
    FunctionCall,
    Index,
    LiteralText,
    LiteralValue,
    Logic,
    Not,
    split_expressions,
)

_FALSY = frozenset({"", "false", "0"})
_TRUE_OR_FALSE = Value(("true", "false"))


def resolve_text(text: str, scope: StepScope) -> Value:
    """Say what a text of a workflow file may hold when it runs."""
    if "${{" not in text:
        return literal_value(text)
    value = EMPTY_VALUE
    for part in split_expressions(text):
        if isinstance(part, LiteralText):
            value = value + literal_value(part.text) if value is not EMPTY_VALUE else literal_value(part.text)
        else:
            value = value + _resolve_part(part.source, part.expression, scope)
    return value


def resolve_expression(source: str, scope: StepScope) -> Value:
    """Say what stands for the text between `${{` and `}}`."""
    value = EMPTY_VALUE
    for part in split_expressions(source, condition=True):
        if not isinstance(part, LiteralText):
            value = value + _resolve_part(part.source, part.expression, scope)
    return value


def expand_expression(source: str, scope: StepScope) -> tuple[str, ...] | None:
    """Give the possible values of an expression as scripts want them; None when nothing of it is known."""
    texts = resolve_expression(source, scope).texts
    if all(text.startswith("${{") and text.endswith("}}") for text in texts):
        return None
    return texts


def is_always_false(condition: str, scope: StepScope) -> bool:
    """Whether an `if:` can never hold, whoever starts the workflow and with whatever inputs."""
    if "false" not in condition and "==" not in condition and "!" not in condition and "inputs" not in condition:
        return False
    inputs = {
        name: value.texts for name, value in (scope.inputs or {}).items() if len(value.known_texts) == len(value.texts)
    }
    return evaluate_condition(condition, Proof(matrix=scope.matrix, inputs=inputs)) is False


def _resolve_part(source: str, expression: Expression | None, scope: StepScope) -> Value:
    if expression is None:
        return unknown_value(source.strip())
    return _evaluate(expression, scope, source.strip())


def _evaluate(node: Expression, scope: StepScope, source: str) -> Value:
    match node:
        case LiteralValue(value):
            return literal_value(_literal_text(value))
        case ContextName() | Index():
            return _reference(node, scope, source)
        case FunctionCall(name, arguments):
            return _call(name, tuple(_evaluate(each, scope, source) for each in arguments), source)
        case _:
            return _operation(node, scope, source)


def _operation(node: Expression, scope: StepScope, source: str) -> Value:
    match node:
        case Logic(operator, operands):
            return _logic(operator, operands, scope, source)
        case Not(operand):
            return _negate(_evaluate(operand, scope, source))
        case Compare(operator, left, right):
            return _compare(operator, _evaluate(left, scope, source), _evaluate(right, scope, source))
        case _:
            return unknown_value(source)


def _literal_text(value: str | float | bool | None) -> str:  # noqa: FBT001 - the literals that GitHub knows, not a switch
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _reference(node: Expression, scope: StepScope, source: str) -> Value:
    path = dotted_reference(node)
    if path is None:
        inner = node.base if isinstance(node, Index) else node
        return unknown_value(source, *_evaluate(inner, scope, source).origins)
    if "*" in path and isinstance(node, Index) and node.base == ContextName("secrets"):
        names = _evaluate(node.key, scope, source).known_texts
        value = resolve_reference("secrets.*" if not names else f"secrets.{names[0]}", scope)
        for name in names[1:]:
            value |= resolve_reference(f"secrets.{name}", scope)
        return value
    return resolve_reference(path, scope)


def _logic(operator: str, operands: tuple[Expression, ...], scope: StepScope, source: str) -> Value:
    """`&&` and `||` give the operand that decides; the others only choose, so that their secrets do not come along."""
    value = _evaluate(operands[0], scope, source)
    for operand in operands[1:]:
        following = _evaluate(operand, scope, source)
        falsy = tuple(text for text in value.texts if text in _FALSY)
        open_ended = bool(value.origins) or any("${{" in text for text in value.texts)
        if operator == "||":
            truthy = tuple(text for text in value.texts if text not in _FALSY)
            if truthy and not falsy and not open_ended:
                return value
            value = Value(limit_texts((*truthy, *following.texts)), value.origins | following.origins)
        else:
            if falsy and len(falsy) == len(value.texts) and not value.origins:
                return value
            kept = (*falsy, "") if open_ended and not falsy else falsy
            value = Value(limit_texts((*following.texts, *kept)), following.origins)
    return value


def _negate(value: Value) -> Value:
    if value.origins or len(value.known_texts) != len(value.texts):
        return _TRUE_OR_FALSE
    return Value(limit_texts("true" if text in _FALSY else "false" for text in value.texts))


def _compare(operator: str, left: Value, right: Value) -> Value:
    """Compare what is known to the last character; GitHub does so without regard to case."""
    known = (
        not left.origins
        and not right.origins
        and len(left.known_texts) == len(left.texts)
        and len(right.known_texts) == len(right.texts)
    )
    if not known or operator not in ("==", "!="):
        return _TRUE_OR_FALSE
    found = {(a.lower() == b.lower()) == (operator == "==") for a in left.texts for b in right.texts}
    return Value(tuple("true" if each else "false" for each in sorted(found, reverse=True)))


def _call(name: str, arguments: tuple[Value, ...], source: str) -> Value:
    known = _FUNCTIONS.get(name)
    value = known(arguments) if known and arguments else None
    if value is not None:
        return value
    if name in _BOOLEAN_FUNCTIONS:
        return _TRUE_OR_FALSE
    origins = frozenset(origin for argument in arguments for origin in argument.origins)
    return Value(unknown_value(source).texts, origins)


def _format(arguments: tuple[Value, ...]) -> Value | None:
    """`format('{0}/{1}', a, b)` over the possible values of its arguments."""
    if len(arguments[0].texts) != 1:
        return None
    value = EMPTY_VALUE
    rest = arguments[0].texts[0]
    first = True
    while rest:
        head, brace, tail = rest.partition("{")
        value = literal_value(head) if first else value + literal_value(head)
        first = False
        digits, close, after = tail.partition("}")
        if not brace:
            break
        if close and digits.isdigit() and int(digits) + 1 < len(arguments):
            value = value + arguments[int(digits) + 1]
            rest = after
        else:
            value, rest = value + literal_value("{"), tail.removeprefix("{")
    return value


def _only_argument(arguments: tuple[Value, ...]) -> Value | None:
    return arguments[0] if len(arguments) == 1 else None


_BOOLEAN_FUNCTIONS = frozenset({"contains", "startswith", "endswith", "always", "success", "failure", "cancelled"})
_FUNCTIONS: Mapping[str, Callable[[tuple[Value, ...]], Value | None]] = {
    "format": _format,
    "join": lambda arguments: arguments[0],
    "fromjson": _only_argument,
    "tojson": _only_argument,
}


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
