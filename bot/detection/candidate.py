"""Which registry a publication goes to: from an address, a name, an image, or the tool's own default."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.detection.job_state import Value
from bot.model.core_types import RegistryId
from bot.registries import Catalogue

ELSEWHERE = RegistryId("misc")  # a registry that the catalogue does not know by its address


@dataclass(frozen=True, slots=True)
class Target:
    """A registry, and the address by which the workflow called it (empty: the tool's default)."""

    registry: RegistryId
    address: str = ""
    sure: bool = True  # False when it is a guess, because the value cannot be seen


@dataclass(frozen=True, slots=True)
class Aims:
    """What a fact says about where to: how the value is to be read, the registry it stands under, and whether that is the default."""

    home: RegistryId
    kind: str = "address"
    default: bool = True
    known_only: bool = (
        False  # a tool for everything (curl, git push): only an address that is known makes it a publication
    )
    uploads_only: bool = False  # … and only one that takes uploads


def targets_of(
    value: Value | None, aims: Aims, catalogue: Catalogue, names: Mapping[str, str] | None = None
) -> tuple[Target, ...]:
    """Each registry that a value may mean; none when it can only mean this machine or a stand-in.

    `names` are addresses that the workflow or its files gave names to (`poetry config repositories.NAME`, `nuget add source`).
    """
    if value is None or not any(value.texts):
        return (Target(aims.home, sure=aims.kind != "image"),) if aims.default else ()
    found: dict[RegistryId, Target] = {}
    for text in value.texts:
        for piece in _pieces(text, aims.kind):
            target = (
                _image(piece, aims, catalogue)
                if aims.kind == "image"
                else _address(piece, aims, catalogue, names or {})
            )
            if target is not None and target.registry in catalogue.registries:
                found.setdefault(target.registry, target)
    sure = [target for target in found.values() if target.sure]
    return tuple(sure or found.values())


def _pieces(text: str, kind: str) -> Iterable[str]:
    """Several image references may stand in one value, on lines or between commas."""
    if kind != "image":
        return (text.strip().strip("\"'"),)
    return [piece.strip().strip("\"'") for piece in text.replace(",", "\n").splitlines() if piece.strip()]


def _address(text: str, aims: Aims, catalogue: Catalogue, names: Mapping[str, str]) -> Target | None:
    if not text:
        return Target(aims.home) if aims.default else None
    text = names.get(text, text)
    if (
        catalogue.is_local(text)
        or text.startswith(("file:", "./"))
        or (text.startswith("/") and not text.startswith("//"))
    ):
        return None
    if aims.known_only:
        found = catalogue.address_at(text)
        return Target(found[0].id, text) if found and (found[1].uploads or not aims.uploads_only) else None
    known = catalogue.at(text) or catalogue.named(text, aims.home)
    if known is not None:
        return Target(known.id, text)
    if text.startswith("$"):
        return Target(aims.home, text, sure=False)
    return Target(catalogue.elsewhere(aims.home).id, text, sure="." in text)


def _image(text: str, aims: Aims, catalogue: Catalogue) -> Target | None:
    """Give the first part of an image reference is a host when it holds a dot or a port; else the image is the default's."""
    for prefix in ("docker://", "oci://", "type=raw,value=", "name="):
        text = text.removeprefix(prefix)
    host, slash, _ = text.partition("/")
    if host.startswith("$") or not text:
        return Target(aims.home, text, sure=False)
    if not slash or not ("." in host or ":" in host or host == "localhost"):
        return Target(aims.home, "") if aims.default else None
    if catalogue.is_local(host):
        return None
    known = catalogue.at(text)
    return Target((known or catalogue.elsewhere(aims.home, "image")).id, host)
