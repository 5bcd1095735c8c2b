"""Finds the secrets and other contexts that an expression refers to."""

import re
from collections.abc import Iterator

from bot.workflows.expressions.syntax import (
    ContextName,
    EmbeddedExpression,
    Expression,
    Index,
    LiteralValue,
    Wildcard,
    children,
    split_expressions,
)

# Only for text that is no expression: GitHub will not run it, and still nobody should think that it holds no secret.
_NAMED_SECRET = re.compile(r"""\bsecrets\s*(?:\.\s*|\[\s*['"]?)([A-Z_][A-Z0-9_]*)""", re.IGNORECASE)
_SECRETS_CONTEXT = re.compile(r"\bsecrets\b", re.IGNORECASE)


def secrets_in(text: str, *, condition: bool = False) -> frozenset[str]:
    """Name the secrets that a text refers to, in upper case, for GitHub's secret names have no case.

    `condition` says that the text is that of an `if:`, which needs no `${{ }}`.
    """
    if "secrets" not in text.lower():
        return frozenset()
    names: set[str] = set()
    for part in _embedded_expressions(text, condition=condition):
        if part.expression is None:
            names.update(name.upper() for name in _NAMED_SECRET.findall(part.source))
            continue
        for node in walk_expression(part.expression):
            match node:
                case Index(ContextName("secrets"), LiteralValue(str(name))):
                    names.add(name.upper())
                case _:
                    pass
    return frozenset(names)


def has_dynamic_secrets(text: str, *, condition: bool = False) -> bool:
    """Tell whether a text reaches secrets it does not name: `toJSON(secrets)`, `secrets[…]`, `secrets.*`."""
    if "secrets" not in text.lower():
        return False
    for part in _embedded_expressions(text, condition=condition):
        if part.expression is None:
            if len(_SECRETS_CONTEXT.findall(part.source)) > len(_NAMED_SECRET.findall(part.source)):
                return True
            continue
        every = named = 0
        for node in walk_expression(part.expression):
            match node:
                case ContextName("secrets"):
                    every += 1
                case Index(ContextName("secrets"), LiteralValue(str())):
                    named += 1
                case _:
                    pass
        if every > named:
            return True
    return False


def references_in(text: str, *, condition: bool = False) -> frozenset[str]:
    """Give every reference of a text with dots: `steps.build.outputs.digest`, `github.token`, `matrix.*`.

    The first word is in lower case, the others as written; `*` stands for a key that is not literal.
    """
    found: set[str] = set()
    for part in _embedded_expressions(text, condition=condition):
        if part.expression is not None:
            inner = {id(node.base) for node in walk_expression(part.expression) if isinstance(node, Index)}
            for node in walk_expression(part.expression):
                if isinstance(node, ContextName | Index) and id(node) not in inner and (path := dotted_reference(node)):
                    found.add(path)
    return frozenset(found)


def dotted_reference(node: Expression) -> str | None:
    """Write a reference with dots, or give None when it does not begin with a context: `fromJSON(…).name`."""
    keys: list[str] = []
    while isinstance(node, Index):
        match node.key:
            case LiteralValue(str(key)):
                keys.append(key)
            case Wildcard():
                keys.append("*")
            case _:
                keys.append("*")
        node = node.base
    return ".".join([node.name, *reversed(keys)]) if isinstance(node, ContextName) else None


def walk_expression(expression: Expression) -> Iterator[Expression]:
    """Go through an expression and everything in it."""
    waiting = [expression]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(children(node))


def _embedded_expressions(text: str, *, condition: bool) -> Iterator[EmbeddedExpression]:
    return (part for part in split_expressions(text, condition=condition) if isinstance(part, EmbeddedExpression))
