"""Matches secret names with registries and finds registry tokens in text without returning them."""

import re
from collections.abc import Iterable
from functools import cache

from bot.model.core_types import RegistryId
from bot.registries.registry import Registry

_MAX_NAME_LENGTH = 255  # characters; longer ones are no names
_compiled = cache(re.compile)  # most files hold no token, so most patterns are never needed


class SecretNameMatcher:
    """Finds registries by the whole name first, then by the patterns; names mean the same in any case."""

    def __init__(self, registries: Iterable[Registry]) -> None:
        self._names: dict[str, list[RegistryId]] = {}
        self._patterns: list[tuple[re.Pattern[str], RegistryId]] = []
        self._results: dict[str, tuple[RegistryId, ...]] = {}
        for registry in registries:
            for name in dict.fromkeys(name.upper() for name in (*registry.secret_names, *registry.token_env)):
                if "*" not in name:
                    self._names.setdefault(name, []).append(registry.id)
            if registry.secret_name_patterns:
                joined = "|".join(f"(?:{pattern})" for pattern in registry.secret_name_patterns)
                self._patterns.append((re.compile(joined, re.IGNORECASE), registry.id))

    def find(self, name: str) -> tuple[RegistryId, ...]:
        if len(name) > _MAX_NAME_LENGTH:
            return ()
        key = name.upper()
        if key not in self._results:
            exact = self._names.get(key, [])
            self._results[key] = tuple(exact) or self._by_pattern(key)
        return self._results[key]

    def _by_pattern(self, key: str) -> tuple[RegistryId, ...]:
        """Return the registries with a matching pattern; the one that matched most of the name knows it best."""
        found = [(match, registry) for pattern, registry in self._patterns if (match := pattern.search(key))]
        return tuple(registry for match, registry in sorted(found, key=lambda pair: -len(pair[0][0])))


class TokenFinder:
    """Looks for the fixed beginnings first, which is cheap, and only then for the whole form."""

    def __init__(self, registries: Iterable[Registry]) -> None:
        self._by_prefix: dict[str, list[tuple[str, RegistryId, str]]] = {}
        for registry in registries:
            for literal in registry.token_formats:
                found = self._by_prefix.setdefault(literal.prefix, [])
                found.append((literal.pattern, registry.id, literal.name))

    def find(self, text: str) -> tuple[RegistryId, str] | None:
        for prefix, patterns in self._by_prefix.items():
            if prefix in text:
                for pattern, registry, name in patterns:
                    if _compiled(pattern).search(text):
                        return registry, name
        return None
