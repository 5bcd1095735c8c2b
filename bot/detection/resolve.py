"""What texts with `${{ … }}` may mean in a scope: their possible values, and the secrets and tokens they carry."""

from collections.abc import Callable, Mapping

from bot.detection.job_state import EMPTY, Value, bounded, literal, unknown
from bot.detection.references import look_up
from bot.detection.scene import Scope
from bot.workflows.expressions import truth
from bot.workflows.expressions.contexts import dotted
from bot.workflows.expressions.evaluator import Scope as Proof
from bot.workflows.expressions.parts import split
from bot.workflows.expressions.syntax import (
    Call,
    Compare,
    Context,
    Expression,
    Fixed,
    Index,
    Literal,
    Logic,
    Not,
)

_FALSY = frozenset({"", "false", "0"})
_EITHER = Value(("true", "false"))


def value_of(text: str, scope: Scope) -> Value:
    """Say what a text of a workflow file may hold when it runs."""
    if "${{" not in text:
        return literal(text)
    value = EMPTY
    for part in split(text):
        if isinstance(part, Fixed):
            value = value + literal(part.text) if value is not EMPTY else literal(part.text)
        else:
            value = value + _fenced(part.source, part.expression, scope)
    return value


def value_of_expression(source: str, scope: Scope) -> Value:
    """Say what stands for the text between `${{` and `}}`."""
    value = EMPTY
    for part in split(source, condition=True):
        if not isinstance(part, Fixed):
            value = value + _fenced(part.source, part.expression, scope)
    return value


def expand(source: str, scope: Scope) -> tuple[str, ...] | None:
    """Give the possible values of an expression as scripts want them; None when nothing of it is known."""
    texts = value_of_expression(source, scope).texts
    if all(text.startswith("${{") and text.endswith("}}") for text in texts):
        return None
    return texts


def surely_false(condition: str, scope: Scope) -> bool:
    """Whether an `if:` can never hold, whoever starts the workflow and with whatever inputs."""
    if "false" not in condition and "==" not in condition and "!" not in condition and "inputs" not in condition:
        return False
    inputs = {name: value.texts for name, value in (scope.inputs or {}).items() if len(value.known) == len(value.texts)}
    return truth(condition, Proof(matrix=scope.matrix, inputs=inputs)) is False


def _fenced(source: str, expression: Expression | None, scope: Scope) -> Value:
    if expression is None:
        return unknown(source.strip())
    return _evaluate(expression, scope, source.strip())


def _evaluate(node: Expression, scope: Scope, source: str) -> Value:
    match node:
        case Literal(value):
            return literal(_text(value))
        case Context() | Index():
            return _reference(node, scope, source)
        case Call(name, arguments):
            return _call(name, tuple(_evaluate(each, scope, source) for each in arguments), source)
        case _:
            return _operation(node, scope, source)


def _operation(node: Expression, scope: Scope, source: str) -> Value:
    match node:
        case Logic(operator, operands):
            return _logic(operator, operands, scope, source)
        case Not(operand):
            return _opposite(_evaluate(operand, scope, source))
        case Compare(operator, left, right):
            return _compare(operator, _evaluate(left, scope, source), _evaluate(right, scope, source))
        case _:
            return unknown(source)


def _text(value: str | float | bool | None) -> str:  # noqa: FBT001 - the literals that GitHub knows, not a switch
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _reference(node: Expression, scope: Scope, source: str) -> Value:
    path = dotted(node)
    if path is None:
        inner = node.base if isinstance(node, Index) else node
        return unknown(source, *_evaluate(inner, scope, source).origins)
    if "*" in path and isinstance(node, Index) and node.base == Context("secrets"):
        names = _evaluate(node.key, scope, source).known
        value = look_up("secrets.*" if not names else f"secrets.{names[0]}", scope)
        for name in names[1:]:
            value |= look_up(f"secrets.{name}", scope)
        return value
    return look_up(path, scope)


def _logic(operator: str, operands: tuple[Expression, ...], scope: Scope, source: str) -> Value:
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
            value = Value(bounded((*truthy, *following.texts)), value.origins | following.origins)
        else:
            if falsy and len(falsy) == len(value.texts) and not value.origins:
                return value
            kept = (*falsy, "") if open_ended and not falsy else falsy
            value = Value(bounded((*following.texts, *kept)), following.origins)
    return value


def _opposite(value: Value) -> Value:
    if value.origins or len(value.known) != len(value.texts):
        return _EITHER
    return Value(bounded("true" if text in _FALSY else "false" for text in value.texts))


def _compare(operator: str, left: Value, right: Value) -> Value:
    """Compare what is known to the last character; GitHub does so without regard to case."""
    known = (
        not left.origins
        and not right.origins
        and len(left.known) == len(left.texts)
        and len(right.known) == len(right.texts)
    )
    if not known or operator not in ("==", "!="):
        return _EITHER
    found = {(a.lower() == b.lower()) == (operator == "==") for a in left.texts for b in right.texts}
    return Value(tuple("true" if each else "false" for each in sorted(found, reverse=True)))


def _call(name: str, arguments: tuple[Value, ...], source: str) -> Value:
    known = _CALLS.get(name)
    value = known(arguments) if known and arguments else None
    if value is not None:
        return value
    if name in _TESTS:
        return _EITHER
    origins = frozenset(origin for argument in arguments for origin in argument.origins)
    return Value(unknown(source).texts, origins)


def _format(arguments: tuple[Value, ...]) -> Value | None:
    """`format('{0}/{1}', a, b)` over the possible values of its arguments."""
    if len(arguments[0].texts) != 1:
        return None
    value = EMPTY
    rest = arguments[0].texts[0]
    first = True
    while rest:
        head, brace, tail = rest.partition("{")
        value = literal(head) if first else value + literal(head)
        first = False
        digits, close, after = tail.partition("}")
        if not brace:
            break
        if close and digits.isdigit() and int(digits) + 1 < len(arguments):
            value = value + arguments[int(digits) + 1]
            rest = after
        else:
            value, rest = value + literal("{"), tail.removeprefix("{")
    return value


def _lower(arguments: tuple[Value, ...]) -> Value | None:
    return arguments[0] if len(arguments) == 1 else None


_TESTS = frozenset({"contains", "startswith", "endswith", "always", "success", "failure", "cancelled"})
_CALLS: Mapping[str, Callable[[tuple[Value, ...]], Value | None]] = {
    "format": _format,
    "join": lambda arguments: arguments[0],
    "fromjson": _lower,
    "tojson": _lower,
}
