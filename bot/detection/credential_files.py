"""Files in which tools keep a credential: what a script writes into `.npmrc`, `.pypirc`, `settings.xml` and their like."""

import re
from collections.abc import Iterable, Iterator

from bot.detection.job_state import Value
from bot.detection.scene import Login, Scene
from bot.model.core_types import RegistryId
from bot.registries import Registry

_REFERENCE = re.compile(
    r"\$\{?(?:env[.:])?(\w{2,64})\}?"
)  # ${NAME} that the tool itself reads later; ${env.NAME} in Maven
_PIECE = re.compile(r"[\w./:@-]{3,200}")


def logins_written(scene: Scene, target: Value, content: Value) -> Iterator[Login]:
    """Yield a login for each registry whose credential file this is, and which the content speaks of."""
    candidates = [
        registry
        for registry in scene.repository.catalogue.registries.values()
        if any(text.rstrip("\"'").endswith(end) for text in target.texts for end in registry.credential_files)
    ]
    if not candidates:
        return
    names = tuple(dict.fromkeys(name for text in content.texts for name in _REFERENCE.findall(text)))
    if not content.origins and not any(name in scene.scope.env for name in names):
        return
    for registry in _spoken_of(scene, candidates, content.texts):
        yield Login(registry, "", content, names)


def _spoken_of(scene: Scene, candidates: list[Registry], texts: Iterable[str]) -> tuple[RegistryId, ...]:
    catalogue = scene.repository.catalogue
    found: dict[RegistryId, None] = {}
    kinds = {registry.id for registry in candidates}
    for text in texts:
        for piece in _PIECE.findall(text):
            known = catalogue.at(piece) or catalogue.named(piece.strip(":"), candidates[0].id)
            if known is not None and known.id in kinds:
                found[known.id] = None
    return tuple(found) or (candidates[0].id,)
