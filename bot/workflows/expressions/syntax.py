"""Parses expressions and the text around them into syntax nodes."""

import re
from functools import lru_cache
from typing import NamedTuple, TypeAlias


class LiteralValue(NamedTuple):
    """A string, number, boolean or null."""

    value: str | float | bool | None


class ContextName(NamedTuple):
    """The root of a reference, in lower case: github, secrets, matrix."""

    name: str


class Wildcard(NamedTuple):
    """The `*` of `a.*.b`: every element."""


class Index(NamedTuple):
    """`base.key` and `base[key]`, which mean the same."""

    base: "Expression"
    key: "Expression"


class FunctionCall(NamedTuple):
    """A function, its name in lower case, for GitHub knows no other difference."""

    name: str
    arguments: tuple["Expression", ...]


class Not(NamedTuple):
    """`!operand`."""

    operand: "Expression"


class Compare(NamedTuple):
    """`left operator right` with == != < <= > >=."""

    operator: str
    left: "Expression"
    right: "Expression"


class Logic(NamedTuple):
    """`a && b && c` or `a || b || c`: the value of the operand that decides, not a boolean."""

    operator: str
    operands: tuple["Expression", ...]


Expression: TypeAlias = LiteralValue | ContextName | Wildcard | Index | FunctionCall | Not | Compare | Logic


class LiteralText(NamedTuple):
    """Text that stands for itself."""

    text: str


class EmbeddedExpression(NamedTuple):
    """What stands between `${{` and `}}`; `expression` is None when GitHub would not take it for one."""

    source: str
    expression: Expression | None


TextPart: TypeAlias = LiteralText | EmbeddedExpression


def children(expression: Expression) -> tuple[Expression, ...]:
    """Give the expressions an expression is made of."""
    match expression:
        case Index(base, key):
            return (base, key)
        case FunctionCall(_, arguments):
            return arguments
        case Not(operand):
            return (operand,)
        case Compare(_, left, right):
            return (left, right)
        case Logic(_, operands):
            return operands
        case _:
            return ()


# GitHub's limits as of 2026-11: github.com/actions/runner, src/Sdk/Expressions/ExpressionConstants.cs
MAX_LENGTH = 21_000
MAX_DEPTH = 50

_MAX_CACHED_LENGTH = 200  # characters: longer expressions are rare, and not worth the memory

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>'(?:[^']|'')*')
      | (?P<number>[-+]?(?:0x[0-9a-f]+|0o[0-7]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?))(?![\w.])
      | (?P<word>[a-z_][a-z0-9_-]*)
      | (?P<sign>&&|\|\||[!=<>]=|[!<>()\[\].,*])
    )""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_KEYWORDS: dict[str, float | bool | None] = {
    "true": True,
    "false": False,
    "null": None,
    "nan": float("nan"),
    "infinity": float("inf"),
}
_COMPARISONS_BY_PRECEDENCE = (("<", "<=", ">", ">="), ("==", "!="))  # the first binds tighter


class _ExpressionSyntaxError(Exception):
    """The text does not follow the grammar; it never leaves this file."""


class _ExpressionToken(NamedTuple):
    kind: str  # string, number, word, sign, or end
    text: str


_END_TOKEN = _ExpressionToken("end", "")


def parse_expression(source: str) -> Expression | None:
    """Read what stands between `${{` and `}}`, or behind `if:`; None when GitHub would refuse it."""
    source = source.strip()
    return _parse_cached(source) if len(source) <= _MAX_CACHED_LENGTH else _parse_uncached(source)


def _parse_uncached(source: str) -> Expression | None:
    if len(source) > MAX_LENGTH:
        return None
    try:
        reader = _ExpressionParser(_tokenize(source))
        expression = reader.parse_or(0)
        reader.expect(_END_TOKEN)
    except _ExpressionSyntaxError:
        return None
    return None if _too_deep(expression) else expression


def _too_deep(expression: Expression) -> bool:
    """Hold the whole tree to GitHub's limit, so that whoever walks it may do so by recursion."""
    level = [expression]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in children(node)]
        if not level:
            return False
    return True


_parse_cached = lru_cache(maxsize=4096)(_parse_uncached)


def _tokenize(source: str) -> list[_ExpressionToken]:
    tokens = []
    at = 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None or match.lastgroup is None:
            raise _ExpressionSyntaxError
        tokens.append(_ExpressionToken(match.lastgroup, match[match.lastgroup]))
        at = match.end()
    tokens.append(_END_TOKEN)
    return tokens


class _ExpressionParser:
    """Recursive descent; `depth` counts brackets and signs inside each other, so that it never goes far down."""

    def __init__(self, tokens: list[_ExpressionToken]) -> None:
        self._tokens = tokens
        self._at = 0

    def parse_or(self, depth: int) -> Expression:
        return self._parse_logic("||", depth)

    def expect(self, token: _ExpressionToken) -> None:
        if self._tokens[self._at] != token:
            raise _ExpressionSyntaxError
        self._at += 1

    def _accept(self, *signs: str) -> str | None:
        token = self._tokens[self._at]
        if token.kind != "sign" or token.text not in signs:
            return None
        self._at += 1
        return token.text

    def _parse_logic(self, operator: str, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            raise _ExpressionSyntaxError
        operands = [self._parse_operand(operator, depth)]
        while self._accept(operator):
            operands.append(self._parse_operand(operator, depth))
        return operands[0] if len(operands) == 1 else Logic(operator, tuple(operands))

    def _parse_operand(self, operator: str, depth: int) -> Expression:
        return (
            self._parse_logic("&&", depth)
            if operator == "||"
            else self._parse_comparison(len(_COMPARISONS_BY_PRECEDENCE) - 1, depth)
        )

    def _parse_comparison(self, level: int, depth: int) -> Expression:
        if level < 0:
            return self._parse_negation(depth)
        left = self._parse_comparison(level - 1, depth)
        while operator := self._accept(*_COMPARISONS_BY_PRECEDENCE[level]):
            left = Compare(operator, left, self._parse_comparison(level - 1, depth))
        return left

    def _parse_negation(self, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            raise _ExpressionSyntaxError
        if self._accept("!"):
            return Not(self._parse_negation(depth + 1))
        return self._parse_reference(depth)

    def _parse_reference(self, depth: int) -> Expression:
        found = self._parse_primary(depth)
        while sign := self._accept(".", "["):
            if isinstance(found, LiteralValue):
                raise _ExpressionSyntaxError
            found = Index(found, self._parse_property() if sign == "." else self._parse_bracket(depth))
        return found

    def _parse_property(self) -> Expression:
        if self._accept("*"):
            return Wildcard()
        return LiteralValue(self._require("word"))

    def _parse_bracket(self, depth: int) -> Expression:
        key = Wildcard() if self._accept("*") else self.parse_or(depth + 1)
        self.expect(_ExpressionToken("sign", "]"))
        return key

    def _require(self, kind: str) -> str:
        token = self._tokens[self._at]
        if token.kind != kind:
            raise _ExpressionSyntaxError
        self._at += 1
        return token.text

    def _parse_primary(self, depth: int) -> Expression:
        if self._accept("("):
            inner = self.parse_or(depth + 1)
            self.expect(_ExpressionToken("sign", ")"))
            return inner
        kind, text = self._tokens[self._at]
        self._at += 1
        if kind == "string":
            return LiteralValue(text[1:-1].replace("''", "'"))
        if kind == "number":
            return LiteralValue(_parse_number(text.lower()))
        if kind != "word":
            raise _ExpressionSyntaxError
        name = text.lower()
        if self._accept("("):
            return FunctionCall(name, self._parse_arguments(depth + 1))
        return LiteralValue(_KEYWORDS[name]) if name in _KEYWORDS else ContextName(name)

    def _parse_arguments(self, depth: int) -> tuple[Expression, ...]:
        if self._accept(")"):
            return ()
        arguments = [self.parse_or(depth)]
        while self._accept(","):
            arguments.append(self.parse_or(depth))
        self.expect(_ExpressionToken("sign", ")"))
        return tuple(arguments)


def _parse_number(text: str) -> float:
    if text.lstrip("+-").startswith(("0x", "0o")):
        if text.startswith(("+", "-")) or len(text) > len("0x") + 16:  # GitHub takes neither a sign nor so many digits
            raise _ExpressionSyntaxError
        return float(int(text, 0))
    return float(text)


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
