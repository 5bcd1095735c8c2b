"""A text of a workflow file in its parts: what stands for itself, and what stands between `${{` and `}}`."""

from bot.workflows.expressions.expressions_syntax import MAX_LENGTH, parse
from bot.workflows.expressions.syntax import Fenced, Fixed, Part

OPEN, CLOSE, QUOTE = "${{", "}}", "'"

# GitHub makes one expression of the whole text and holds it to MAX_LENGTH, but leaves out space inside the braces.
_MAX_TEXT = 2 * MAX_LENGTH


def split(text: str, *, condition: bool = False) -> tuple[Part, ...]:
    """Split a text as GitHub does: braces inside a quoted string do not end an expression.

    With `condition` (the text of an `if:`) a text without fences is one expression. An expression that is not closed
    takes the rest of the text with it and is none. So is a text that is too long to be made an expression.
    """
    if OPEN not in text:
        if condition:
            return (Fenced(text, parse(text)),) if text.strip() else ()
        return (Fixed(text),) if text else ()
    if len(text) > _MAX_TEXT:
        return (Fenced(text, None),)
    parts: list[Part] = []
    at = 0
    while (start := text.find(OPEN, at)) >= 0:
        if start > at:
            parts.append(Fixed(text[at:start]))
        end = _end(text, start + len(OPEN))
        if end < 0:
            parts.append(Fenced(text[start + len(OPEN) :], None))
            return tuple(parts)
        source = text[start + len(OPEN) : end]
        parts.append(Fenced(source, parse(source)))
        at = end + len(CLOSE)
    if at < len(text):
        parts.append(Fixed(text[at:]))
    return tuple(parts)


def _end(text: str, at: int) -> int:
    """Find the `}}` that ends the expression which begins at `at`, or -1."""
    close = text.find(CLOSE, at)
    quote = text.find(QUOTE, at, close if close >= 0 else None)
    while close >= 0 and quote >= 0:
        unquote = text.find(QUOTE, quote + 1)
        if unquote < 0:
            return -1
        if close < unquote:
            close = text.find(CLOSE, unquote + 1)
        quote = text.find(QUOTE, unquote + 1, close if close >= 0 else None)
    return close
