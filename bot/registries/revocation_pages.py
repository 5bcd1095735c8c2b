"""Finds where to revoke a token or trusted publisher and how to withdraw a published version."""

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import quote

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


WITHDRAWAL_FILE = Path(__file__).parent / "withdrawal.json"

# What may stand in a command that people copy: registries allow no more in a name, and a shell takes none of it for its own.
_SAFE_WORD = re.compile(r"[\w@./+~-]{1,200}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """How one version is taken back; of `url` and `command` one is there."""

    url: str | None
    command: str | None
    instructions: str  # from there on, or what else to do
    effect: str  # what users get from then on
    verified: bool  # read about on the day it was checked; else as known
    checked: str  # ISO date


def find_withdrawal(registry: RegistryId, package: str, version: str) -> Withdrawal | None:
    """Return how a version is taken back; None where that is not known, or a name cannot stand in a command or an address."""
    known = _withdrawal_facts().get(registry)
    if known is None or not _SAFE_WORD.fullmatch(package) or not _SAFE_WORD.fullmatch(version):
        return None
    command, page = known.get("command"), known.get("page")
    url = None
    if page is not None:
        host = ".".join(reversed(page["host"].split(".")))
        url = f"https://{host}{page['path'].format(package=quote(package, safe='/@'), version=quote(version))}"
    return Withdrawal(
        url=url,
        command=command and command.format(package=package, version=version),
        instructions=known["way"],
        effect=known["effect"],
        verified=known["verified"],
        checked=known["checked"],
    )


@lru_cache(maxsize=1)
def _withdrawal_facts() -> dict[str, dict[str, Any]]:
    registries: dict[str, dict[str, Any]] = json.loads(WITHDRAWAL_FILE.read_bytes())["registries"]
    return registries
