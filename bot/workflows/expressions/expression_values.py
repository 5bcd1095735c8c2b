"""Represents and compares the possible values of an expression, including unknown ones."""

import math
from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple, TypeAlias


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
