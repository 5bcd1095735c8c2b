"""GitHub's functions, as far as their result follows from what the file says. Anything else is unknown."""

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import cast

from bot.workflows.expressions.expression_values import Json, Unknown, Value, as_string, compare

MAX_TEXT = 65_536  # characters of a text that we put together; a longer one is as good as unknown
_MAX_BRACKETS = 200  # of JSON inside each other at most: the parser recurses

_FORMAT = re.compile(r"\{\{|\}\}|\{([0-9]{1,3})\}|[{}]")


def call(name: str, arguments: tuple[Value, ...]) -> Value:
    """Give the result of a function, its name in lower case; Unknown where it cannot be known."""
    function = FUNCTIONS.get(name)
    return Unknown.ANY if function is None else function(arguments)


def joined(pieces: list[str]) -> Value:
    """Put texts together, unless they are too long to be worth it."""
    return "".join(pieces) if sum(map(len, pieces)) <= MAX_TEXT else Unknown.TRUTHY


def _contains(arguments: tuple[Value, ...]) -> Value:
    match arguments:
        case (list(items), wanted):
            answers = [compare("==", item, wanted) for item in items]
            return True if True in answers else Unknown.ANY if None in answers else False
        case (place, wanted) if (text := _text(place)) is not None and (part := _text(wanted)) is not None:
            return part.upper() in text.upper()
        case _:
            return Unknown.ANY


def _starts_with(arguments: tuple[Value, ...]) -> Value:
    match arguments:
        case (whole, part) if (text := _text(whole)) is not None and (start := _text(part)) is not None:
            return text.upper().startswith(start.upper())
        case _:
            return Unknown.ANY


def _ends_with(arguments: tuple[Value, ...]) -> Value:
    match arguments:
        case (whole, part) if (text := _text(whole)) is not None and (end := _text(part)) is not None:
            return text.upper().endswith(end.upper())
        case _:
            return Unknown.ANY


def _format(arguments: tuple[Value, ...]) -> Value:
    pattern = _text(arguments[0]) if arguments else None
    if pattern is None:
        return Unknown.ANY
    pieces: list[str] = []
    at = 0
    for match in _FORMAT.finditer(pattern):
        pieces.append(pattern[at : match.start()])
        at = match.end()
        if match[0] in ("{{", "}}"):
            pieces.append(match[0][0])
            continue
        number = int(match[1]) + 1 if match[1] else len(arguments)
        value = _text(arguments[number]) if number < len(arguments) else None
        if value is None:
            return Unknown.ANY
        pieces.append(value)
    return joined([*pieces, pattern[at:]])


def _join(arguments: tuple[Value, ...]) -> Value:
    separator = _text(arguments[1]) if len(arguments) > 1 else ","
    items = arguments[0] if arguments else Unknown.ANY
    texts = [_text(item) for item in items] if isinstance(items, list) else [_text(items)]
    known = [text for text in texts if text is not None]
    if separator is None or len(known) < len(texts):
        return Unknown.ANY
    return joined([piece for text in known for piece in (separator, text)][1:])


def _to_json(arguments: tuple[Value, ...]) -> Value:
    match arguments:
        case (str(text),):
            return json.dumps(text, ensure_ascii=False)
        case (bool() | float() as value,):
            return as_string(value)
        case (None,):
            return "null"
        case _:
            return Unknown.TRUTHY  # a text in any case, and never an empty one


def _from_json(arguments: tuple[Value, ...]) -> Value:
    text = _text(arguments[0]) if len(arguments) == 1 else None
    if text is None or text.count("[") + text.count("{") > _MAX_BRACKETS:
        return Unknown.ANY
    try:
        return cast(Json, json.loads(text, parse_int=float))
    except ValueError:
        return Unknown.ANY


def _case(arguments: tuple[Value, ...]) -> Value:
    if len(arguments) < 3 or len(arguments) % 2 == 0:  # noqa: PLR2004 - a predicate, its value and the default
        return Unknown.ANY
    for predicate, value in zip(arguments[:-1:2], arguments[1::2], strict=True):
        if predicate is True:
            return value
        if predicate is not False:
            return Unknown.ANY
    return arguments[-1]


def _text(value: Value) -> str | None:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return as_string(value)


def _either(_: tuple[Value, ...]) -> Value:
    return Unknown.ANY


PREDICATES = frozenset({"contains", "startswith", "endswith", "success", "failure", "cancelled"})
FUNCTIONS: Mapping[str, Callable[[tuple[Value, ...]], Value]] = {
    "always": lambda _: True,
    "success": _either,
    "failure": _either,
    "cancelled": _either,
    "contains": _contains,
    "startswith": _starts_with,
    "endswith": _ends_with,
    "format": _format,
    "join": _join,
    "tojson": _to_json,
    "fromjson": _from_json,
    "case": _case,
}
