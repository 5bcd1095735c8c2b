"""Which registry a publication goes to: from an address, a name, an image, or the tool's own default."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.detection.job_state import Value
from bot.model.core_types import RegistryId
from bot.registries import Catalog

UNKNOWN_REGISTRY = RegistryId("misc")  # a registry that the catalog does not know by its address


@dataclass(frozen=True, slots=True)
class RegistryTarget:
    """A registry, and the address by which the workflow called it (empty: the tool's default)."""

    registry: RegistryId
    address: str = ""
    certain: bool = True  # False when it is a guess, because the value cannot be seen


@dataclass(frozen=True, slots=True)
class TargetOptions:
    """What a fact says about where to: how the value is to be read, the registry it stands under, and whether that is the default."""

    default_registry: RegistryId
    kind: str = "address"
    has_default: bool = True
    known_only: bool = (
        False  # a tool for everything (curl, git push): only an address that is known makes it a publication
    )
    uploads_only: bool = False  # … and only one that takes uploads


def find_targets(
    value: Value | None, options: TargetOptions, catalog: Catalog, named_addresses: Mapping[str, str] | None = None
) -> tuple[RegistryTarget, ...]:
    """Each registry that a value may mean; none when it can only mean this machine or a stand-in.

    `names` are addresses that the workflow or its files gave names to (`poetry config repositories.NAME`, `nuget add source`).
    """
    if value is None or not any(value.texts):
        return (
            (RegistryTarget(options.default_registry, certain=options.kind != "image"),) if options.has_default else ()
        )
    found: dict[RegistryId, RegistryTarget] = {}
    for text in value.texts:
        for piece in _split_references(text, options.kind):
            target = (
                _image_target(piece, options, catalog)
                if options.kind == "image"
                else _address_target(piece, options, catalog, named_addresses or {})
            )
            if target is not None and target.registry in catalog.registries:
                found.setdefault(target.registry, target)
    sure = [target for target in found.values() if target.certain]
    return tuple(sure or found.values())


def _split_references(text: str, kind: str) -> Iterable[str]:
    """Several image references may stand in one value, on lines or between commas."""
    if kind != "image":
        return (text.strip().strip("\"'"),)
    return [piece.strip().strip("\"'") for piece in text.replace(",", "\n").splitlines() if piece.strip()]


def _address_target(
    text: str, options: TargetOptions, catalog: Catalog, named_addresses: Mapping[str, str]
) -> RegistryTarget | None:
    if not text:
        return RegistryTarget(options.default_registry) if options.has_default else None
    text = named_addresses.get(text, text)
    if (
        catalog.is_local(text)
        or text.startswith(("file:", "./"))
        or (text.startswith("/") and not text.startswith("//"))
    ):
        return None
    if options.known_only:
        found = catalog.address_at(text)
        return RegistryTarget(found[0].id, text) if found and (found[1].uploads or not options.uploads_only) else None
    known = catalog.registry_at(text) or catalog.by_name(text, options.default_registry)
    if known is not None:
        return RegistryTarget(known.id, text)
    if text.startswith("$"):
        return RegistryTarget(options.default_registry, text, certain=False)
    return RegistryTarget(catalog.unknown_registry(options.default_registry).id, text, certain="." in text)


def _image_target(text: str, options: TargetOptions, catalog: Catalog) -> RegistryTarget | None:
    """Give the first part of an image reference is a host when it holds a dot or a port; else the image is the default's."""
    for prefix in ("docker://", "oci://", "type=raw,value=", "name="):
        text = text.removeprefix(prefix)
    host, slash, _ = text.partition("/")
    if host.startswith("$") or not text:
        return RegistryTarget(options.default_registry, text, certain=False)
    if not slash or not ("." in host or ":" in host or host == "localhost"):
        return RegistryTarget(options.default_registry, "") if options.has_default else None
    if catalog.is_local(host):
        return None
    known = catalog.registry_at(text)
    return RegistryTarget((known or catalog.unknown_registry(options.default_registry, "image")).id, host)
