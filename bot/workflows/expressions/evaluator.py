"""Evaluates expressions and `if` conditions from the values that the workflow file sets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, product

from bot.workflows.expressions.contexts import dotted_reference
from bot.workflows.expressions.functions import (
    FUNCTIONS,
    MAX_RESULT_LENGTH,
    PREDICATES,
    ExpressionValue,
    UnknownValue,
    UntypedScalar,
    as_string,
    call_function,
    compare_values,
    interpretations,
    truthy,
    unique_values,
)
from bot.workflows.expressions.syntax import (
    EXPRESSION_OPEN,
    Compare,
    ContextName,
    EmbeddedExpression,
    Expression,
    FunctionCall,
    Index,
    LiteralText,
    LiteralValue,
    Logic,
    Not,
    split_expressions,
)
from bot.workflows.workflow import Input, Job, SourceTexts, Step, Workflow

_MAX_MAPPING_NAMES = 256  # of one mapping: a larger one is a burden, not a help, and all in it is unknown


@dataclass(frozen=True, slots=True)
class ContextValues:
    """Values by name, for names without case; a name that is not here is unknown."""

    matrix: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    inputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)  # as written, expressions included
    incomplete: frozenset[str] = frozenset()  # "matrix" or "inputs.NAME": there may be values the file does not show
    github: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict
    )  # all that `github.KEY` can be, where an event is given

    def __post_init__(self) -> None:
        for name in ("matrix", "inputs", "env"):
            object.__setattr__(self, name, {key.lower(): value for key, value in getattr(self, name).items()})
        object.__setattr__(self, "incomplete", frozenset(name.lower() for name in self.incomplete))

    def values_of(self, context: str, key: str, *, certain: bool) -> tuple[str, ...] | None:
        """Give the values of `matrix.KEY` or `inputs.KEY`, both in lower case; None when there are none.

        A proof also needs to know that there are no others, and that a combination or an event may leave it empty.
        """
        found = (self.matrix if context == "matrix" else self.inputs).get(key)
        if found is None or not certain:
            return found
        return None if context in self.incomplete or f"{context}.{key}" in self.incomplete else (*found, "")


def context_values(workflow: Workflow, job: Job | None = None, step: Step | None = None) -> ContextValues:
    """Collect what an expression in a step, a job or the workflow may know.

    An input with a default is taken to have it, a boolean both values, a choice all its options.
    """
    layers: list[SourceTexts] = [workflow.env]
    layers += [inner.env for inner in (job, step) if inner is not None]
    env: dict[str, str] = {}
    if max(map(len, layers)) <= _MAX_MAPPING_NAMES:
        env = {key.lower(): text.value for layer in layers for key, text in layer.items()}
    inputs, open_names = input_values(workflow.inputs)
    if job is None or len(job.matrix) > _MAX_MAPPING_NAMES:
        return ContextValues({}, inputs, env, open_names)
    return ContextValues(job.matrix, inputs, env, open_names if job.matrix_complete else open_names | {"matrix"})


def input_values(inputs: Mapping[str, Input]) -> tuple[dict[str, tuple[str, ...]], frozenset[str]]:
    """Give the values that inputs can have as far as their declarations say, and those that can have others too."""
    values: dict[str, tuple[str, ...]] = {}
    open_names = set()
    if len(inputs) > _MAX_MAPPING_NAMES:
        return {}, frozenset()
    for name, declared in inputs.items():
        if declared.kind == "boolean":
            values[name] = ("true", "false")
        elif declared.kind == "choice" and declared.options:
            values[name] = declared.options
        elif declared.default is not None:
            values[name] = (declared.default,)
            open_names.add(f"inputs.{name}")
    return values, frozenset(open_names)


MAX_VALUES = 64  # alternatives of one text; more are as good as unknown
_MAX_PAIRS = 64  # that one comparison looks at
_BASE_STEPS, _MAX_STEPS = (
    300,
    5_000,
)  # of one question, and one more for each character of it: what takes more is unknown
_MAX_HOPS = 5  # from one variable of `env` to the next

ExpressionValues = tuple[ExpressionValue, ...]
_UNKNOWN: ExpressionValues = (UnknownValue.ANY,)
_TRUE_OR_FALSE: ExpressionValues = (True, False)


def possible_values(text: str, contexts: ContextValues) -> tuple[str, ...] | None:
    """Give every text that `text` can become, at most 64; None when one of them is not known."""
    values = _ExpressionEvaluator(contexts, text).evaluate_text(text, 0)
    strings = [string for value in values if (string := as_string(value)) is not None]
    return tuple(dict.fromkeys(strings)) if len(strings) == len(values) else None


def known_values(text: str, contexts: ContextValues) -> tuple[str, ...]:
    """Give the texts that `text` can become as far as they are known, and there may be others."""
    values = _ExpressionEvaluator(contexts, text).evaluate_text(text, 0)
    return tuple(dict.fromkeys(string for value in values if (string := as_string(value)) is not None))


def evaluate_condition(condition: str, contexts: ContextValues) -> bool | None:
    """Tell whether an `if:` always holds (True), never holds (False), or either (None).

    Only what the file settles counts: a default that somebody may replace proves nothing. Text around `${{ }}` makes
    a condition that always holds, whatever is between: GitHub takes any text that is not empty for true.
    """
    evaluator = _ExpressionEvaluator(contexts, condition, certain=True)
    match split_expressions(condition, condition=True):
        case ():
            return None
        case (EmbeddedExpression(_, expression),):
            values = _UNKNOWN if expression is None else evaluator.evaluate(expression, 0)
        case parts:
            if any(isinstance(part, EmbeddedExpression) and part.expression is None for part in parts):
                return None
            return True if any(isinstance(part, LiteralText) for part in parts) else None
    answers = {truthy(value) for value in values}
    return answers.pop() if len(answers) == 1 else None


class _ExpressionEvaluator:
    """Answers one question: `proof` leaves out whatever is only likely."""

    def __init__(self, contexts: ContextValues, source: str, *, certain: bool = False) -> None:
        self._scope = contexts
        self._proof = certain
        self._steps = min(_BASE_STEPS + len(source), _MAX_STEPS)

    def evaluate_text(self, text: str, hops: int) -> ExpressionValues:
        if EXPRESSION_OPEN not in text:
            return (text,)
        if not self._spend_steps(1 + len(text) // 20):
            return _UNKNOWN
        parts = split_expressions(text)
        sources = {part.source.strip(): part.expression for part in parts if isinstance(part, EmbeddedExpression)}
        choices = [self.evaluate(expression, hops) for expression in sources.values()]
        if len(parts) == len(choices) == 1:
            return choices[0]
        combinations = islice(product(*choices), MAX_VALUES + 1)
        return self._join_parts(parts, [dict(zip(sources, values, strict=True)) for values in combinations], len(text))

    def _join_parts(
        self,
        parts: Sequence[LiteralText | EmbeddedExpression],
        combinations: Sequence[Mapping[str, ExpressionValue]],
        length: int,
    ) -> ExpressionValues:
        """Return the text for each combination of values by source: the same expression has the same value everywhere."""
        texts: list[ExpressionValue] = []
        for values in combinations:
            pieces = [
                part.text if isinstance(part, LiteralText) else as_string(values[part.source.strip()]) for part in parts
            ]
            known = "".join(filter(None, pieces))
            too_long = len(known) > max(MAX_RESULT_LENGTH, length)
            texts.append(UnknownValue.ANY if None in pieces or too_long else known)
            if not self._spend_steps(len(parts) + len(known) // 100):
                return _UNKNOWN
        return unique_values(texts, MAX_VALUES)

    def evaluate(self, expression: Expression | None, hops: int) -> ExpressionValues:
        """Return every value of an expression; the tree is at most 50 deep. None is one that cannot be parsed."""
        values = _UNKNOWN  # of a star, or of a function that is not known
        if not self._spend_steps(1):
            return values
        match expression:
            case LiteralValue(value):
                values = (value,)
            case ContextName() | Index():
                values = self._evaluate_reference(expression, hops)
            case Not(operand):
                values = _known_truths(_negated(truthy(value)) for value in self.evaluate(operand, hops))
            case Logic(operator, operands):
                values = self._evaluate_logic(operator, operands, hops)
            case Compare(operator, left, right):
                values = self._evaluate_comparison(operator, self.evaluate(left, hops), self.evaluate(right, hops))
            case FunctionCall(name, arguments) if name in FUNCTIONS:
                values = self._evaluate_call(name, [self.evaluate(argument, hops) for argument in arguments])
        return values

    def _evaluate_logic(self, operator: str, operands: tuple[Expression, ...], hops: int) -> ExpressionValues:
        stops = operator == "||"  # the truth that makes an operand the result
        found: list[ExpressionValue] = []
        for number, operand in enumerate(operands):
            last = number == len(operands) - 1
            goes_on = False
            for value in self.evaluate(operand, hops):
                answer = truthy(value)
                if last or answer is stops:
                    found.append(value)
                    continue
                goes_on = True
                if answer is None:
                    found.append(_narrow_by_truth(value, holds=stops))
            if not goes_on:
                break
        return unique_values(found, MAX_VALUES)

    def _evaluate_comparison(self, operator: str, left: ExpressionValues, right: ExpressionValues) -> ExpressionValues:
        if len(left) * len(right) > _MAX_PAIRS or not self._spend_steps(len(left) * len(right)):
            return _TRUE_OR_FALSE
        return _known_truths(compare_values(operator, one, other) for one, other in product(left, right))

    def _evaluate_call(self, name: str, arguments: list[ExpressionValues]) -> ExpressionValues:
        found: list[ExpressionValue] = []
        for values in islice(product(*arguments), MAX_VALUES + 1):
            if not self._spend_steps(sum(map(_cost_of, values), 1)):
                return _UNKNOWN
            value = call_function(name, values)
            found.extend(_TRUE_OR_FALSE if value is UnknownValue.ANY and name in PREDICATES else (value,))
        return unique_values(found, MAX_VALUES)

    def _evaluate_reference(self, expression: Expression, hops: int) -> ExpressionValues:
        path = dotted_reference(expression)
        if path is None:
            return self._evaluate_element(expression, hops)
        root, _, key = path.lower().partition(".")
        if root == "github" and key.startswith("event.inputs."):
            root, key = "inputs", key.removeprefix("event.inputs.")
        if root == "github":
            return self._scope.github.get(key, _UNKNOWN)
        if root in ("matrix", "inputs"):
            values = self._scope.values_of(root, key, certain=self._proof)
            return _UNKNOWN if values is None or len(values) > MAX_VALUES else tuple(map(UntypedScalar, values))
        if root == "env" and not self._proof and hops < _MAX_HOPS and key in self._scope.env:
            return self.evaluate_text(self._scope.env[key], hops + 1)
        return _UNKNOWN

    def _evaluate_element(self, expression: Expression, hops: int) -> ExpressionValues:
        """Look into a list or object that a function gave: `fromJSON('["a"]')[0]`."""
        if not (isinstance(expression, Index) and isinstance(expression.key, LiteralValue)):
            return _UNKNOWN
        key = expression.key.value
        found: list[ExpressionValue] = []
        for base in self.evaluate(expression.base, hops):
            match base, key:
                case dict(), str() if key in base:
                    found.append(base[key])
                case list(), float() if 0 <= key < len(base):
                    found.append(base[int(key)])
                case _:
                    found.append(UnknownValue.ANY)
        return unique_values(found, MAX_VALUES)

    def _spend_steps(self, steps: int) -> bool:
        self._steps -= steps
        return self._steps >= 0


def _negated(truth: bool | None) -> bool | None:  # noqa: FBT001 - it is what the function is about
    return None if truth is None else not truth


def _known_truths(truths: Iterable[bool | None]) -> ExpressionValues:
    """Return what can be the result, true first; None can be either."""
    results = set(truths)
    return _TRUE_OR_FALSE if None in results else tuple(each for each in _TRUE_OR_FALSE if each in results)


def _cost_of(value: ExpressionValue) -> int:
    """Weigh what a function has to go through."""
    return len(value) if isinstance(value, list) else len(value) // 100 if isinstance(value, str) else 1


def _narrow_by_truth(value: ExpressionValue, *, holds: bool) -> ExpressionValue:
    """Keep of a value of unknown truth what is known once it decided: after `x &&` it does not hold."""
    if isinstance(value, UntypedScalar):
        return next((reading for reading in interpretations(value) if truthy(reading) is holds), value)
    return UnknownValue.TRUTHY if holds else UnknownValue.FALSY
