"""What an expression is made of, once it has been read. The parts are tuples: they are made by the thousand, and never changed."""

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
