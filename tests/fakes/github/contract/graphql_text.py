"""GitHub's GraphQL schema cut down to what can be read: no prose, no mutations, no type that only those need."""

import re

_DEFINITION = re.compile(
    r"^(?:type|interface|union|enum|input|scalar|directive)\b.*?(?=^(?:type|interface|union|enum|input|scalar|directive)\b|\Z)",
    re.MULTILINE | re.DOTALL,
)


def readable(schema: str) -> str:
    """The schema's text from Query down. Three-quote strings stand only in descriptions."""
    text = re.sub(r'"""[\s\S]*?"""', "", schema)
    definitions = [found.group() for found in _DEFINITION.finditer(text)]
    named = {_name(each): each for each in definitions if not each.startswith("directive")}
    implementers: dict[str, list[str]] = {}
    for name, each in named.items():
        heading = each.split("{", 1)[0]
        for interface in re.findall(r"\w+", heading.partition(" implements ")[2]):
            implementers.setdefault(interface, []).append(name)
    needed, waiting = set[str](), ["Query"]
    while waiting:
        name = waiting.pop()
        if name in needed or name not in named:
            continue
        needed.add(name)
        waiting += re.findall(r"\w+", _without_comments(named[name])) + implementers.get(name, [])
    kept = [each for each in definitions if each.startswith("directive") or _name(each) in needed]
    return re.sub(r"\n\s*\n+", "\n", "".join(kept))


def _name(definition: str) -> str:
    return definition.split(None, 2)[1].split("(", maxsplit=1)[0]


def _without_comments(definition: str) -> str:
    """The definition without texts of deprecations, so that their words are not taken for types."""
    return re.sub(r'"[^"\n]*"', "", definition)
