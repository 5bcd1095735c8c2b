"""Which registry a secret of this name publishes to."""

import re
from collections.abc import Iterable

from bot.model.core_types import RegistryId
from bot.registries.registry import Registry

_MAX_NAME_LENGTH = 255  # characters; longer ones are no names


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
