"""A text of a workflow file in its parts: what stands for itself, and what stands between `${{` and `}}`."""

from bot.workflows.expressions.expressions_syntax import MAX_LENGTH, parse_expression
from bot.workflows.expressions.syntax import EmbeddedExpression, LiteralText, TextPart

EXPRESSION_OPEN, EXPRESSION_CLOSE, QUOTE = "${{", "}}", "'"

# GitHub makes one expression of the whole text and holds it to MAX_LENGTH, but leaves out space inside the braces.
_MAX_TEXT_LENGTH = 2 * MAX_LENGTH


def split_expressions(text: str, *, condition: bool = False) -> tuple[TextPart, ...]:
    """Split a text as GitHub does: braces inside a quoted string do not end an expression.

    With `condition` (the text of an `if:`) a text without fences is one expression. An expression that is not closed
    takes the rest of the text with it and is none. So is a text that is too long to be made an expression.
    """
    if EXPRESSION_OPEN not in text:
        if condition:
            return (EmbeddedExpression(text, parse_expression(text)),) if text.strip() else ()
        return (LiteralText(text),) if text else ()
    if len(text) > _MAX_TEXT_LENGTH:
        return (EmbeddedExpression(text, None),)
    parts: list[TextPart] = []
    at = 0
    while (start := text.find(EXPRESSION_OPEN, at)) >= 0:
        if start > at:
            parts.append(LiteralText(text[at:start]))
        end = _find_expression_end(text, start + len(EXPRESSION_OPEN))
        if end < 0:
            parts.append(EmbeddedExpression(text[start + len(EXPRESSION_OPEN) :], None))
            return tuple(parts)
        source = text[start + len(EXPRESSION_OPEN) : end]
        parts.append(EmbeddedExpression(source, parse_expression(source)))
        at = end + len(EXPRESSION_CLOSE)
    if at < len(text):
        parts.append(LiteralText(text[at:]))
    return tuple(parts)


def _find_expression_end(text: str, at: int) -> int:
    """Find the `}}` that ends the expression which begins at `at`, or -1."""
    close = text.find(EXPRESSION_CLOSE, at)
    quote = text.find(QUOTE, at, close if close >= 0 else None)
    while close >= 0 and quote >= 0:
        unquote = text.find(QUOTE, quote + 1)
        if unquote < 0:
            return -1
        if close < unquote:
            close = text.find(EXPRESSION_CLOSE, unquote + 1)
        quote = text.find(QUOTE, unquote + 1, close if close >= 0 else None)
    return close
