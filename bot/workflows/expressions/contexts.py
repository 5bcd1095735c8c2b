"""What an expression refers to: secrets by name, secrets by a name nobody can foresee, and every other context."""

import re
from collections.abc import Iterator

from bot.workflows.expressions.parts import split
from bot.workflows.expressions.syntax import Context, Expression, Fenced, Index, Literal, Star, children

# Only for text that is no expression: GitHub will not run it, and still nobody should think that it holds no secret.
_NAMED = re.compile(r"""\bsecrets\s*(?:\.\s*|\[\s*['"]?)([A-Z_][A-Z0-9_]*)""", re.IGNORECASE)
_ANY = re.compile(r"\bsecrets\b", re.IGNORECASE)


def secrets_in(text: str, *, condition: bool = False) -> frozenset[str]:
    """Name the secrets that a text refers to, in upper case, for GitHub's secret names have no case.

    `condition` says that the text is that of an `if:`, which needs no `${{ }}`.
    """
    if "secrets" not in text.lower():
        return frozenset()
    names: set[str] = set()
    for part in _fenced(text, condition=condition):
        if part.expression is None:
            names.update(name.upper() for name in _NAMED.findall(part.source))
            continue
        for node in walk(part.expression):
            match node:
                case Index(Context("secrets"), Literal(str(name))):
                    names.add(name.upper())
                case _:
                    pass
    return frozenset(names)


def dynamic_secrets(text: str, *, condition: bool = False) -> bool:
    """Tell whether a text reaches secrets it does not name: `toJSON(secrets)`, `secrets[…]`, `secrets.*`."""
    if "secrets" not in text.lower():
        return False
    for part in _fenced(text, condition=condition):
        if part.expression is None:
            if len(_ANY.findall(part.source)) > len(_NAMED.findall(part.source)):
                return True
            continue
        every = named = 0
        for node in walk(part.expression):
            match node:
                case Context("secrets"):
                    every += 1
                case Index(Context("secrets"), Literal(str())):
                    named += 1
                case _:
                    pass
        if every > named:
            return True
    return False


def contexts_in(text: str, *, condition: bool = False) -> frozenset[str]:
    """Give every reference of a text with dots: `steps.build.outputs.digest`, `github.token`, `matrix.*`.

    The first word is in lower case, the others as written; `*` stands for a key that is not literal.
    """
    found: set[str] = set()
    for part in _fenced(text, condition=condition):
        if part.expression is not None:
            inner = {id(node.base) for node in walk(part.expression) if isinstance(node, Index)}
            for node in walk(part.expression):
                if isinstance(node, Context | Index) and id(node) not in inner and (path := dotted(node)):
                    found.add(path)
    return frozenset(found)


def dotted(node: Expression) -> str | None:
    """Write a reference with dots, or give None when it does not begin with a context: `fromJSON(…).name`."""
    keys: list[str] = []
    while isinstance(node, Index):
        match node.key:
            case Literal(str(key)):
                keys.append(key)
            case Star():
                keys.append("*")
            case _:
                keys.append("*")
        node = node.base
    return ".".join([node.name, *reversed(keys)]) if isinstance(node, Context) else None


def walk(expression: Expression) -> Iterator[Expression]:
    """Go through an expression and everything in it."""
    waiting = [expression]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(children(node))


def _fenced(text: str, *, condition: bool) -> Iterator[Fenced]:
    return (part for part in split(text, condition=condition) if isinstance(part, Fenced))
