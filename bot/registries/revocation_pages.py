"""Where a token or a trusted publisher is taken back: the page of each registry, from `revocation.json`."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

from bot.model.core_types import RegistryId

REVOCATION_FILE = Path(__file__).parent / "revocation.json"

RevocationKind: TypeAlias = Literal["token", "publisher"]


@dataclass(frozen=True, slots=True)
class RevocationPage:
    """A page on which something is taken back, and the way from there in the words that stand on it."""

    url: str
    instructions: str
    verified: bool  # read about on the day it was checked; else as known
    checked: str  # ISO date


def revocation_page(registry: RegistryId, kind: RevocationKind) -> RevocationPage | None:
    """Return the page of a registry on which a token or a publisher is taken back; None where none is known."""
    known = _revocation_facts().get(registry, {})
    page = known.get(kind)
    if page is None:
        return None
    host = ".".join(reversed(page["host"].split(".")))
    return RevocationPage(f"https://{host}{page['path']}", page["way"], known["verified"], known["checked"])


@lru_cache(maxsize=1)
def _revocation_facts() -> dict[str, dict[str, Any]]:
    registries: dict[str, dict[str, Any]] = json.loads(REVOCATION_FILE.read_bytes())["registries"]
    return registries
