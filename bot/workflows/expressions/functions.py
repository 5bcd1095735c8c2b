"""Evaluates GitHub's expression functions, and returns an unknown value if the result is not determined."""

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import cast

from bot.workflows.expressions.expression_values import (
    ExpressionValue,
    JsonValue,
    UnknownValue,
    as_string,
    compare_values,
)

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
