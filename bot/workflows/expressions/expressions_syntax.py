"""The grammar of GitHub's expressions; what does not follow it is no expression, and never an exception."""

import re
from functools import lru_cache
from typing import NamedTuple

from bot.workflows.expressions.syntax import (
    Call,
    Compare,
    Context,
    Expression,
    Index,
    Literal,
    Logic,
    Not,
    Star,
    children,
)

# GitHub's limits as of 2026-11: github.com/actions/runner, src/Sdk/Expressions/ExpressionConstants.cs
MAX_LENGTH = 21_000
MAX_DEPTH = 50

_REMEMBERED = 200  # characters: longer expressions are rare, and not worth the memory

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>'(?:[^']|'')*')
      | (?P<number>[-+]?(?:0x[0-9a-f]+|0o[0-7]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?))(?![\w.])
      | (?P<word>[a-z_][a-z0-9_-]*)
      | (?P<sign>&&|\|\||[!=<>]=|[!<>()\[\].,*])
    )""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_WORDS: dict[str, float | bool | None] = {
    "true": True,
    "false": False,
    "null": None,
    "nan": float("nan"),
    "infinity": float("inf"),
}
_LEVELS = (("<", "<=", ">", ">="), ("==", "!="))  # the first binds tighter


class _NoExpressionError(Exception):
    """The text does not follow the grammar; it never leaves this file."""


class _Token(NamedTuple):
    kind: str  # string, number, word, sign, or end
    text: str


_END = _Token("end", "")


def parse(source: str) -> Expression | None:
    """Read what stands between `${{` and `}}`, or behind `if:`; None when GitHub would refuse it."""
    source = source.strip()
    return _parse_short(source) if len(source) <= _REMEMBERED else _parse(source)


def _parse(source: str) -> Expression | None:
    if len(source) > MAX_LENGTH:
        return None
    try:
        reader = _Reader(_tokens(source))
        expression = reader.either(0)
        reader.expect(_END)
    except _NoExpressionError:
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


_parse_short = lru_cache(maxsize=4096)(_parse)


def _tokens(source: str) -> list[_Token]:
    tokens = []
    at = 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None or match.lastgroup is None:
            raise _NoExpressionError
        tokens.append(_Token(match.lastgroup, match[match.lastgroup]))
        at = match.end()
    tokens.append(_END)
    return tokens


class _Reader:
    """Recursive descent; `depth` counts brackets and signs inside each other, so that it never goes far down."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def either(self, depth: int) -> Expression:
        return self._logic("||", depth)

    def expect(self, token: _Token) -> None:
        if self._tokens[self._at] != token:
            raise _NoExpressionError
        self._at += 1

    def _take(self, *signs: str) -> str | None:
        token = self._tokens[self._at]
        if token.kind != "sign" or token.text not in signs:
            return None
        self._at += 1
        return token.text

    def _logic(self, operator: str, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            raise _NoExpressionError
        operands = [self._operand_of(operator, depth)]
        while self._take(operator):
            operands.append(self._operand_of(operator, depth))
        return operands[0] if len(operands) == 1 else Logic(operator, tuple(operands))

    def _operand_of(self, operator: str, depth: int) -> Expression:
        return self._logic("&&", depth) if operator == "||" else self._comparison(len(_LEVELS) - 1, depth)

    def _comparison(self, level: int, depth: int) -> Expression:
        if level < 0:
            return self._negation(depth)
        left = self._comparison(level - 1, depth)
        while operator := self._take(*_LEVELS[level]):
            left = Compare(operator, left, self._comparison(level - 1, depth))
        return left

    def _negation(self, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            raise _NoExpressionError
        if self._take("!"):
            return Not(self._negation(depth + 1))
        return self._reference(depth)

    def _reference(self, depth: int) -> Expression:
        found = self._primary(depth)
        while sign := self._take(".", "["):
            if isinstance(found, Literal):
                raise _NoExpressionError
            found = Index(found, self._property() if sign == "." else self._bracket(depth))
        return found

    def _property(self) -> Expression:
        if self._take("*"):
            return Star()
        return Literal(self._next("word"))

    def _bracket(self, depth: int) -> Expression:
        key = Star() if self._take("*") else self.either(depth + 1)
        self.expect(_Token("sign", "]"))
        return key

    def _next(self, kind: str) -> str:
        token = self._tokens[self._at]
        if token.kind != kind:
            raise _NoExpressionError
        self._at += 1
        return token.text

    def _primary(self, depth: int) -> Expression:
        if self._take("("):
            inner = self.either(depth + 1)
            self.expect(_Token("sign", ")"))
            return inner
        kind, text = self._tokens[self._at]
        self._at += 1
        if kind == "string":
            return Literal(text[1:-1].replace("''", "'"))
        if kind == "number":
            return Literal(_number(text.lower()))
        if kind != "word":
            raise _NoExpressionError
        name = text.lower()
        if self._take("("):
            return Call(name, self._arguments(depth + 1))
        return Literal(_WORDS[name]) if name in _WORDS else Context(name)

    def _arguments(self, depth: int) -> tuple[Expression, ...]:
        if self._take(")"):
            return ()
        arguments = [self.either(depth)]
        while self._take(","):
            arguments.append(self.either(depth))
        self.expect(_Token("sign", ")"))
        return tuple(arguments)


def _number(text: str) -> float:
    if text.lstrip("+-").startswith(("0x", "0o")):
        if text.startswith(("+", "-")) or len(text) > len("0x") + 16:  # GitHub takes neither a sign nor so many digits
            raise _NoExpressionError
        return float(int(text, 0))
    return float(text)
