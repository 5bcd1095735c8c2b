"""Files in which tools keep a credential: what a script writes into `.npmrc`, `.pypirc`, `settings.xml` and their like."""

import re
from collections.abc import Iterable, Iterator

from bot.detection.job_state import Value
from bot.detection.scene import JobState, StoredLogin
from bot.model.core_types import RegistryId
from bot.registries import Registry

_REFERENCE = re.compile(
    r"\$\{?(?:env[.:])?(\w{2,64})\}?"
)  # ${NAME} that the tool itself reads later; ${env.NAME} in Maven
_PIECE = re.compile(r"[\w./:@-]{3,200}")


def written_logins(state: JobState, target: Value, content: Value) -> Iterator[StoredLogin]:
    """Yield a login for each registry whose credential file this is, and which the content speaks of."""
    candidates = [
        registry
        for registry in state.repository.catalog.registries.values()
        if any(text.rstrip("\"'").endswith(end) for text in target.texts for end in registry.credential_files)
    ]
    if not candidates:
        return
    names = tuple(dict.fromkeys(name for text in content.texts for name in _REFERENCE.findall(text)))
    if not content.origins and not any(name in state.scope.env for name in names):
        return
    for registry in _mentioned_registries(state, candidates, content.texts):
        yield StoredLogin(registry, "", content, names)


def _mentioned_registries(state: JobState, candidates: list[Registry], texts: Iterable[str]) -> tuple[RegistryId, ...]:
    catalogue = state.repository.catalog
    found: dict[RegistryId, None] = {}
    kinds = {registry.id for registry in candidates}
    for text in texts:
        for piece in _PIECE.findall(text):
            known = catalogue.registry_at(piece) or catalogue.by_name(piece.strip(":"), candidates[0].id)
            if known is not None and known.id in kinds:
                found[known.id] = None
    return tuple(found) or (candidates[0].id,)
