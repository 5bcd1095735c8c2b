"""What a text of a workflow can become, and whether an `if:` can ever hold, by what the file itself says."""

from itertools import islice, product

from bot.workflows.expressions.contexts import dotted
from bot.workflows.expressions.evaluator import Scope
from bot.workflows.expressions.expression_values import (
    Unknown,
    Value,
    Written,
    as_string,
    compare,
    distinct,
    readings,
    truthy,
)
from bot.workflows.expressions.functions import FUNCTIONS, MAX_TEXT, PREDICATES, call
from bot.workflows.expressions.parts import OPEN, split
from bot.workflows.expressions.syntax import (
    Call,
    Compare,
    Context,
    Expression,
    Fenced,
    Fixed,
    Index,
    Literal,
    Logic,
    Not,
)

MAX_VALUES = 64  # alternatives of one text; more are as good as unknown
_MAX_PAIRS = 64  # that one comparison looks at
_STEPS, _MAX_STEPS = 300, 5_000  # of one question, and one more for each character of it: what takes more is unknown
_MAX_HOPS = 5  # from one variable of `env` to the next

Values = tuple[Value, ...]
_ANY: Values = (Unknown.ANY,)
_EITHER: Values = (True, False)


def possible_values(text: str, scope: Scope) -> tuple[str, ...] | None:
    """Give every text that `text` can become, at most 64; None when one of them is not known."""
    values = _Evaluator(scope, text).text(text, 0)
    strings = [string for value in values if (string := as_string(value)) is not None]
    return tuple(dict.fromkeys(strings)) if len(strings) == len(values) else None


def known_values(text: str, scope: Scope) -> tuple[str, ...]:
    """Give the texts that `text` can become as far as they are known, and there may be others."""
    values = _Evaluator(scope, text).text(text, 0)
    return tuple(dict.fromkeys(string for value in values if (string := as_string(value)) is not None))


def truth(condition: str, scope: Scope) -> bool | None:
    """Tell whether an `if:` always holds (True), never holds (False), or either (None).

    Only what the file settles counts: a default that somebody may replace proves nothing. Text around `${{ }}` makes
    a condition that always holds, whatever is between: GitHub takes any text that is not empty for true.
    """
    evaluator = _Evaluator(scope, condition, proof=True)
    match split(condition, condition=True):
        case ():
            return None
        case (Fenced(_, expression),):
            values = _ANY if expression is None else evaluator.of(expression, 0)
        case parts:
            if any(isinstance(part, Fenced) and part.expression is None for part in parts):
                return None
            return True if any(isinstance(part, Fixed) for part in parts) else None
    answers = {truthy(value) for value in values}
    return answers.pop() if len(answers) == 1 else None


class _Evaluator:
    """Answers one question: `proof` leaves out whatever is only likely."""

    def __init__(self, scope: Scope, question: str, *, proof: bool = False) -> None:
        self._scope = scope
        self._proof = proof
        self._steps = min(_STEPS + len(question), _MAX_STEPS)

    def text(self, text: str, hops: int) -> Values:
        if OPEN not in text:
            return (text,)
        if not self._may_go_on(1 + len(text) // 20):
            return _ANY
        parts = split(text)
        sources = {part.source.strip(): part.expression for part in parts if isinstance(part, Fenced)}
        choices = [_ANY if found is None else self.of(found, hops) for found in sources.values()]
        if len(parts) == 1 and len(choices) == 1:
            return choices[0]
        found: list[Value] = []
        for values in islice(product(*choices), MAX_VALUES + 1):  # the same expression has the same value everywhere
            strings = [as_string(value) for value in values]
            named = dict(zip(sources, strings, strict=True))
            pieces = [part.text if isinstance(part, Fixed) else named[part.source.strip()] for part in parts]
            known = [piece for piece in pieces if piece is not None]
            if len(known) < len(pieces) or sum(map(len, known)) > max(MAX_TEXT, len(text)):
                found.append(Unknown.ANY)
            else:
                found.append("".join(known))
            if not self._may_go_on(len(parts) + sum(map(len, known)) // 100):
                return _ANY
        return distinct(found, MAX_VALUES)

    def of(self, expression: Expression, hops: int) -> Values:
        """Give every value of an expression; the tree is at most 50 deep."""
        if not self._may_go_on(1):
            return _ANY
        found = _ANY
        match expression:
            case Literal(value):
                found = (value,)
            case Context() | Index():
                found = self._reference(expression, hops)
            case Not(operand):
                answers = {truthy(value) for value in self.of(operand, hops)}
                found = tuple(answer for answer in _EITHER if (not answer) in answers or None in answers)
            case Logic(operator, operands):
                found = self._logic(operator, operands, hops)
            case Compare(operator, left, right):
                found = self._compare(operator, self.of(left, hops), self.of(right, hops))
            case Call(name, arguments) if name in FUNCTIONS:
                found = self._call(name, [self.of(argument, hops) for argument in arguments])
            case _:
                pass  # a star, or a function we do not know
        return found

    def _logic(self, operator: str, operands: tuple[Expression, ...], hops: int) -> Values:
        stops = operator == "||"  # the truth that makes an operand the result
        found: list[Value] = []
        for number, operand in enumerate(operands):
            last = number == len(operands) - 1
            goes_on = False
            for value in self.of(operand, hops):
                answer = truthy(value)
                if last or answer is stops:
                    found.append(value)
                    continue
                goes_on = True
                if answer is None:
                    found.append(_narrowed(value, holds=stops))
            if not goes_on:
                break
        return distinct(found, MAX_VALUES)

    def _compare(self, operator: str, left: Values, right: Values) -> Values:
        if len(left) * len(right) > _MAX_PAIRS or not self._may_go_on(len(left) * len(right)):
            return _EITHER
        answers = {compare(operator, one, other) for one in left for other in right}
        return tuple(answer for answer in _EITHER if answer in answers or None in answers)

    def _call(self, name: str, arguments: list[Values]) -> Values:
        found: list[Value] = []
        for values in islice(product(*arguments), MAX_VALUES + 1):
            if not self._may_go_on(sum(map(_size, values), 1)):
                return _ANY
            value = call(name, values)
            found.extend(_EITHER if value is Unknown.ANY and name in PREDICATES else (value,))
        return distinct(found, MAX_VALUES)

    def _reference(self, expression: Expression, hops: int) -> Values:
        path = dotted(expression)
        if path is None:
            return self._element(expression, hops)
        root, _, key = path.lower().partition(".")
        if root == "github" and key.startswith("event.inputs."):
            root, key = "inputs", key.removeprefix("event.inputs.")
        if root == "github":
            return self._scope.github.get(key, _ANY)
        if root in ("matrix", "inputs"):
            values = self._scope.values(root, key, proof=self._proof)
            return _ANY if values is None or len(values) > MAX_VALUES else tuple(Written(value) for value in values)
        if root == "env" and not self._proof and hops < _MAX_HOPS and key in self._scope.env:
            return self.text(self._scope.env[key], hops + 1)
        return _ANY

    def _element(self, expression: Expression, hops: int) -> Values:
        """Look into a list or object that a function gave: `fromJSON('["a"]')[0]`."""
        if not (isinstance(expression, Index) and isinstance(expression.key, Literal)):
            return _ANY
        key = expression.key.value
        found: list[Value] = []
        for base in self.of(expression.base, hops):
            match base, key:
                case dict(), str() if key in base:
                    found.append(base[key])
                case list(), float() if 0 <= key < len(base):
                    found.append(base[int(key)])
                case _:
                    found.append(Unknown.ANY)
        return distinct(found, MAX_VALUES)

    def _may_go_on(self, steps: int) -> bool:
        self._steps -= steps
        return self._steps >= 0


def _size(value: Value) -> int:
    """Weigh what a function has to go through."""
    return len(value) if isinstance(value, list) else len(value) // 100 if isinstance(value, str) else 1


def _narrowed(value: Value, *, holds: bool) -> Value:
    """Keep of a value of unknown truth what is known once it decided: after `x &&` it does not hold."""
    if isinstance(value, Written):
        return next((reading for reading in readings(value) if truthy(reading) is holds), value)
    return Unknown.TRUTHY if holds else Unknown.FALSY
