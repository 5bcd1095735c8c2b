"""Whether a text holds a registry's token itself; the token is never handed on."""

import re
from collections.abc import Iterable

from bot.model.core_types import RegistryId
from bot.registries.registry import Registry


class TokenFinder:
    """Looks for the fixed beginnings first, which is cheap, and only then for the whole form."""

    def __init__(self, registries: Iterable[Registry]) -> None:
        self._by_prefix: dict[str, list[tuple[re.Pattern[str], RegistryId, str]]] = {}
        for registry in registries:
            for literal in registry.token_formats:
                found = self._by_prefix.setdefault(literal.prefix, [])
                found.append((re.compile(literal.pattern), registry.id, literal.name))

    def find(self, text: str) -> tuple[RegistryId, str] | None:
        for prefix, patterns in self._by_prefix.items():
            if prefix in text:
                for pattern, registry, name in patterns:
                    if pattern.search(text):
                        return registry, name
        return None
