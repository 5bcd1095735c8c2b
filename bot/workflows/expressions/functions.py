"""Represents the possible values of an expression, and evaluates GitHub's expression functions on them."""

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import NamedTuple, TypeAlias, cast


class UnknownValue(Enum):
    """A value that the file does not show; of some we know at least whether `if` would take it."""

    ANY = "any"
    TRUTHY = "truthy"
    FALSY = "falsy"


class UntypedScalar(NamedTuple):
    """A scalar of the file that GitHub may read as text, number, boolean or null, depending on its quotes."""

    text: str


JsonValue: TypeAlias = "str | float | bool | list[JsonValue] | dict[str, JsonValue] | None"
ExpressionValue: TypeAlias = "JsonValue | UntypedScalar | UnknownValue"

_PLAIN_SCALARS: dict[str, bool | float | None] = {
    "": None,
    "~": None,
    "null": None,
    "true": True,
    "false": False,
    ".inf": math.inf,
    "+.inf": math.inf,
    "-.inf": -math.inf,
    ".nan": math.nan,
}


def unique_values(values: Iterable[ExpressionValue], limit: int) -> tuple[ExpressionValue, ...]:
    """Leave out what stands there twice; more than `limit` values are one that is unknown."""
    found: dict[tuple[type, object], ExpressionValue] = {}
    for value in values:
        found[type(value), id(value) if isinstance(value, list | dict) else value] = value
        if len(found) > limit:
            return (UnknownValue.ANY,)
    return tuple(found.values())


def interpretations(value: UntypedScalar) -> "list[JsonValue]":
    """Give what GitHub may read a scalar as: its text when it is quoted, else what YAML 1.2 takes it for."""
    plain = value.text.lower()
    found: list[JsonValue] = [value.text]
    if plain in _PLAIN_SCALARS:
        found.append(_PLAIN_SCALARS[plain])
    elif not math.isnan(number := _as_number(plain)):
        found.append(number)
    return found


def truthy(value: ExpressionValue) -> bool | None:
    """Tell whether `if` takes a value; None where that depends on what we cannot see."""
    match value:
        case UnknownValue():
            return None if value is UnknownValue.ANY else value is UnknownValue.TRUTHY
        case UntypedScalar():
            answers = {truthy(reading) for reading in interpretations(value)}
            return answers.pop() if len(answers) == 1 else None
        case None | False | "":
            return False
        case float():
            return not (value == 0 or math.isnan(value))
        case _:
            return True


def as_string(value: ExpressionValue) -> str | None:
    """Write a value as GitHub puts it into a text; None for what is unknown, a list or an object."""
    match value:
        case UntypedScalar(text):
            return text
        case str():
            return value
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return _number_as_string(value)
        case _:
            return None


def compare_values(operator: str, left: ExpressionValue, right: ExpressionValue) -> bool | None:
    """Compare as GitHub does, with its coercions and without case; None where the answer cannot be known."""
    lefts = interpretations(left) if isinstance(left, UntypedScalar) else [left]
    rights = interpretations(right) if isinstance(right, UntypedScalar) else [right]
    answers = {_compare_interpretations(operator, one, other) for one in lefts for other in rights}
    return answers.pop() if len(answers) == 1 else None


def _compare_interpretations(operator: str, one: ExpressionValue, other: ExpressionValue) -> bool | None:
    if isinstance(one, UnknownValue | UntypedScalar | list | dict) or isinstance(
        other, UnknownValue | UntypedScalar | list | dict
    ):
        return None
    if isinstance(one, str) and isinstance(other, str):
        return _comparison_holds(operator, (one.upper() > other.upper()) - (one.upper() < other.upper()))
    first, second = _as_number(one), _as_number(other)
    if math.isnan(first) or math.isnan(second):
        return operator == "!="
    return _comparison_holds(operator, (first > second) - (first < second))


def _comparison_holds(operator: str, order: int) -> bool:
    match operator:
        case "==":
            return order == 0
        case "!=":
            return order != 0
        case "<":
            return order < 0
        case "<=":
            return order <= 0
        case ">":
            return order > 0
        case _:
            return order >= 0


def _as_number(value: str | float | None) -> float:
    if not isinstance(value, str):
        return 0.0 if value is None else float(value)
    digits = value.strip().lower()
    try:
        if digits.startswith(("0x", "0o")):
            return float(int(digits, 0))
        return math.nan if "_" in digits else float(digits or 0)
    except (ValueError, OverflowError):
        return math.nan


def _number_as_string(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return f"{value:.15g}"


MAX_RESULT_LENGTH = 65_536  # characters of a text that we put together; a longer one is as good as unknown
_MAX_BRACKETS = 200  # of JSON inside each other at most: the parser recurses

_FORMAT_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([0-9]{1,3})\}|[{}]")


def call_function(name: str, arguments: tuple[ExpressionValue, ...]) -> ExpressionValue:
    """Give the result of a function, its name in lower case; Unknown where it cannot be known."""
    function = FUNCTIONS.get(name)
    return UnknownValue.ANY if function is None else function(arguments)


def join_pieces(pieces: list[str]) -> ExpressionValue:
    """Put texts together, unless they are too long to be worth it."""
    return "".join(pieces) if sum(map(len, pieces)) <= MAX_RESULT_LENGTH else UnknownValue.TRUTHY


def _contains(arguments: tuple[ExpressionValue, ...]) -> ExpressionValue:
    match arguments:
        case (list(items), wanted):
            answers = [compare_values("==", item, wanted) for item in items]
            return True if True in answers else UnknownValue.ANY if None in answers else False
        case (place, wanted) if (text := _finite_string(place)) is not None and (
            part := _finite_string(wanted)
        ) is not None:
            return part.upper() in text.upper()
        case _:
            return UnknownValue.ANY


def _starts_with(arguments: tuple[ExpressionValue, ...]) -> ExpressionValue:
    match arguments:
        case (whole, part) if (text := _finite_string(whole)) is not None and (
            start := _finite_string(part)
        ) is not None:
            return text.upper().startswith(start.upper())
        case _:
            return UnknownValue.ANY


def _ends_with(arguments: tuple[ExpressionValue, ...]) -> ExpressionValue:
    match arguments:
        case (whole, part) if (text := _finite_string(whole)) is not None and (end := _finite_string(part)) is not None:
            return text.upper().endswith(end.upper())
        case _:
            return UnknownValue.ANY


def _format(arguments: tuple[ExpressionValue, ...]) -> ExpressionValue:
    pattern = _finite_string(arguments[0]) if arguments else None
    if pattern is None:
        return UnknownValue.ANY
    pieces: list[str] = []
    at = 0
    for match in _FORMAT_PLACEHOLDER.finditer(pattern):
        pieces.append(pattern[at : match.start()])
        at = match.end()
        if match[0] in ("{{", "}}"):
            pieces.append(match[0][0])
            continue
        number = int(match[1]) + 1 if match[1] else len(arguments)
        value = _finite_string(arguments[number]) if number < len(arguments) else None
        if value is None:
            return UnknownValue.ANY
        pieces.append(value)
    return join_pieces([*pieces, pattern[at:]])


def _join(arguments: tuple[ExpressionValue, ...]) -> ExpressionValue:
    separator = _finite_string(arguments[1]) if len(arguments) > 1 else ","
    items = arguments[0] if arguments else UnknownValue.ANY
    texts = [_finite_string(item) for item in items] if isinstance(items, list) else [_finite_string(items)]
    known = [text for text in texts if text is not None]
    if separator is None or len(known) < len(texts):
        return UnknownValue.ANY
    return join_pieces([piece for text in known for piece in (separator, text)][1:])


def _to_json(arguments: tuple[ExpressionValue, ...]) -> ExpressionValue:
    match arguments:
        case (str(text),):
            return json.dumps(text, ensure_ascii=False)
        case (bool() | float() as value,):
            return as_string(value)
        case (None,):
            return "null"
        case _:
            return UnknownValue.TRUTHY  # a text in any case, and never an empty one


def _from_json(arguments: tuple[ExpressionValue, ...]) -> ExpressionValue:
    text = _finite_string(arguments[0]) if len(arguments) == 1 else None
    if text is None or text.count("[") + text.count("{") > _MAX_BRACKETS:
        return UnknownValue.ANY
    try:
        return cast(JsonValue, json.loads(text, parse_int=float))
    except ValueError:
        return UnknownValue.ANY


def _case(arguments: tuple[ExpressionValue, ...]) -> ExpressionValue:
    if len(arguments) < 3 or len(arguments) % 2 == 0:  # noqa: PLR2004 - a predicate, its value and the default
        return UnknownValue.ANY
    for predicate, value in zip(arguments[:-1:2], arguments[1::2], strict=True):
        if predicate is True:
            return value
        if predicate is not False:
            return UnknownValue.ANY
    return arguments[-1]


def _finite_string(value: ExpressionValue) -> str | None:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return as_string(value)


def _unknown_result(_: tuple[ExpressionValue, ...]) -> ExpressionValue:
    return UnknownValue.ANY


PREDICATES = frozenset({"contains", "startswith", "endswith", "success", "failure", "cancelled"})
FUNCTIONS: Mapping[str, Callable[[tuple[ExpressionValue, ...]], ExpressionValue]] = {
    "always": lambda _: True,
    "success": _unknown_result,
    "failure": _unknown_result,
    "cancelled": _unknown_result,
    "contains": _contains,
    "startswith": _starts_with,
    "endswith": _ends_with,
    "format": _format,
    "join": _join,
    "tojson": _to_json,
    "fromjson": _from_json,
    "case": _case,
}
