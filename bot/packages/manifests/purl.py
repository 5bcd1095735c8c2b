"""Parses and formats package URLs, which name packages in policies and reports.

github.com/package-url/purl-spec
"""

import re
from urllib.parse import unquote

from packageurl import PackageURL

from bot.model.core_types import RegistryId
from bot.model.errors import UnreadableError
from bot.packages.versions import Package
from bot.registries import Catalog
from bot.registries.addresses import parse_address

# The registry that a type means where the package URL names none: the same for everybody.
_DEFAULT_REGISTRIES = {
    "pypi": "pypi",
    "npm": "npm",
    "cargo": "crates.io",
    "gem": "rubygems",
    "nuget": "nuget",
    "maven": "maven-central",
    "golang": "golang",
    "jsr": "jsr",
    "pub": "pub",
    "hex": "hex",
    "oci": "ghcr",
    "docker": "docker-hub",
}


def normalize_name(registry: RegistryId, name: str) -> str:
    """Write a name as its registry compares it: one package is one, however it is spelled.

    For PyPI: packaging.python.org, "Names and normalization". npm tells capitals apart: new names have none, old ones may
    (package-url/purl-spec, pull request 872).
    """
    if registry in ("pypi", "testpypi"):
        return re.sub(r"[-_.]+", "-", name).lower()
    return name.lower() if registry in ("nuget", "jsr", "pub", "hex", "ghcr", "docker-hub") else name


def parse_purl(purl: str, catalog: Catalog) -> Package:
    """Return the package that a package URL names; raises UnreadableError with the remedy where no known registry has it."""
    try:
        # Not normalized: the library writes npm names in lower case, and `normalize_name` knows that npm tells them apart.
        parsed = PackageURL.from_string(purl, normalize_purl=False)
        name = unquote("/".join(filter(None, (parsed.namespace, parsed.name))))
    except ValueError as error:
        raise UnreadableError(f"{purl[:200]} is no package URL; write pkg:TYPE/NAME") from error
    if not name.rpartition("/")[2].strip():
        raise UnreadableError(f"{purl[:200]} is no package URL; write pkg:TYPE/NAME")
    registry = RegistryId(_DEFAULT_REGISTRIES.get(parsed.type, ""))
    if address := parsed.qualifiers.get("repository_url"):
        registry, name = _at_address(address, name, catalog)
        if not registry:
            raise UnreadableError(f"{purl[:200]} names an address of no registry that we know; remove repository_url")
    if not registry:
        raise UnreadableError(f"{purl[:200]} is of a type whose registry we do not know; see docs/registries.md")
    if registry == "maven-central":
        name = name.replace("/", ":")
    return Package(registry, normalize_name(registry, name))


def _at_address(address: str, name: str, catalog: Catalog) -> tuple[RegistryId, str]:
    """Return the registry at an address, empty if there is none, and the package's name there: ghcr's may begin in the address."""
    registry, place = catalog.registry_at(address), parse_address(address)
    if registry is None:
        return RegistryId(""), name
    folder = place.path.strip("/") if place else ""
    if registry.id == "ghcr" and "/" not in name:
        name = folder if folder.endswith(name) else f"{folder}/{name}".strip("/")
    return registry.id, name


def format_purl(package: Package, catalog: Catalog) -> str:
    """Return the package URL of a package."""
    registry = catalog.registries.get(package.registry)
    kind = (registry.purl_type if registry else None) or "generic"
    name = package.name.replace(":", "/") if kind == "maven" else package.name
    name = name.encode(errors="replace").decode()  # a manifest can name half a character
    namespace, _, name = name.rpartition("/")
    qualifiers = {}
    if registry and registry.addresses and _DEFAULT_REGISTRIES.get(kind) != package.registry:
        qualifiers["repository_url"] = ".".join(reversed(registry.addresses[0].host.split(".")))
    # Written as of a type without rules of its own: the library would write npm names in lower case.
    purl = str(PackageURL("generic", namespace, name, qualifiers=qualifiers))
    return purl.replace("generic", kind, 1)
