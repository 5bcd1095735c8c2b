"""Parses and formats package URLs, which name packages in policies and reports.

github.com/package-url/purl-spec
"""

import re
from urllib.parse import parse_qs, quote, unquote

from bot.model.core_types import RegistryId
from bot.model.errors import UnreadableError
from bot.packages.versions import Package
from bot.registries import Catalog
from bot.registries.addresses import parse_address

# The registry that a type means where the package-url names none: the same for everybody.
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
_PURL = re.compile(
    r"pkg:/*(?P<type>[a-z][a-z0-9.+-]*)/(?P<name>[^@?#]+)(?:@[^?#]*)?(?:\?(?P<query>[^#]*))?(?:#.*)?", re.IGNORECASE
)


def normalize_name(registry: RegistryId, name: str) -> str:
    """Write a name as its registry compares it: one package is one, however it is spelled.

    For PyPI: packaging.python.org, "Names and normalization". npm tells capitals apart: new names have none, old ones may
    (package-url/purl-spec, pull request 872).
    """
    if registry in ("pypi", "testpypi"):
        return re.sub(r"[-_.]+", "-", name).lower()
    return name.lower() if registry in ("nuget", "jsr", "pub", "hex", "ghcr", "docker-hub") else name


def parse_purl(purl: str, catalog: Catalog) -> Package:
    """Return the package that a package-url names; raises UnreadableError with the remedy where no known registry has it."""
    match = _PURL.fullmatch(purl.strip())
    if match is None:
        raise UnreadableError(f"{purl[:200]} is no package-url; write pkg:TYPE/NAME")
    name = "/".join(unquote(part) for part in match["name"].strip("/").split("/"))
    registry = RegistryId(_DEFAULT_REGISTRIES.get(match["type"].lower(), ""))
    address = parse_qs(match["query"] or "").get("repository_url", [""])[0]
    if address:
        found = catalog.registry_at(address)
        if found is None:
            raise UnreadableError(
                f"{purl[:200]} names an address of no registry that we know; leave repository_url away"
            )
        place = parse_address(address)
        registry, rest = found.id, place.path.strip("/") if place else ""
        if registry == "ghcr" and "/" not in name:
            name = rest if rest.endswith(name) else f"{rest}/{name}".strip("/")
    if not registry:
        raise UnreadableError(f"{purl[:200]} is of a type whose registry we do not know; see docs/registries.md")
    if registry == "maven-central":
        name = name.replace("/", ":")
    return Package(registry, normalize_name(registry, name))


def format_purl(package: Package, catalog: Catalog) -> str:
    """Return the package-url of a package."""
    registry = catalog.registries.get(package.registry)
    kind = (registry.purl_type if registry else None) or "generic"
    name = package.name.replace(":", "/") if kind == "maven" else package.name
    path = "/".join(
        quote(part, safe="", errors="replace") for part in name.split("/")
    )  # a manifest can name half a character
    home = _DEFAULT_REGISTRIES.get(kind) == package.registry or registry is None or not registry.addresses
    place = (
        ""
        if home or registry is None
        else f"?repository_url={quote('.'.join(reversed(registry.addresses[0].host.split('.'))))}"
    )
    return f"pkg:{kind}/{path}{place}"
