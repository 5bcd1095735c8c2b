"""Find the packages that a repository publishes: those its manifests name where it publishes to, and those of the policy."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from bot.model.core_types import FullName, RegistryId
from bot.model.errors import UnreadableError
from bot.model.findings import Unreadable
from bot.model.identity_register import DeclaredPackage
from bot.packages.manifests import dotnet, jvm, npm_manifests, plain, python
from bot.packages.manifests.manifest_readers import ManifestReader, Told
from bot.packages.manifests.purl import normal, package_of
from bot.packages.versions import Package
from bot.registries import Catalogue

MOST = 300  # packages of one repository

_READERS: Mapping[str, tuple[str, ManifestReader]] = {
    "package.json": ("npm", npm_manifests.npm),
    "jsr.json": ("jsr", npm_manifests.jsr),
    "deno.json": ("jsr", npm_manifests.jsr),
    "deno.jsonc": ("jsr", npm_manifests.jsr),
    "pyproject.toml": ("pypi", python.pyproject),
    "setup.cfg": ("pypi", python.setup_cfg),
    "setup.py": ("pypi", python.setup_py),
    "Cargo.toml": ("crates.io", plain.cargo),
    ".gemspec": ("rubygems", plain.gemspec),
    ".csproj": ("nuget", dotnet.project),
    ".fsproj": ("nuget", dotnet.project),
    ".vbproj": ("nuget", dotnet.project),
    ".nuspec": ("nuget", dotnet.nuspec),
    "pom.xml": ("maven-central", jvm.pom),
    "build.gradle": ("maven-central", jvm.gradle),
    "build.gradle.kts": ("maven-central", jvm.gradle),
    "go.mod": ("golang", plain.go_mod),
    "pubspec.yaml": ("pub", plain.pubspec),
    "mix.exs": ("hex", plain.mix),
}


@dataclass(frozen=True, slots=True)
class Published:
    """The packages of a repository, and what could not be told, with the reason: a file, or a registry."""

    packages: tuple[Package, ...] = ()
    untold: tuple[Unreadable, ...] = ()
    numbers: Mapping[Package, str] = field(default_factory=dict)  # the versions that manifests say, where they say one


def packages_of(
    repository: FullName,
    texts: Mapping[str, str],
    registries: Collection[RegistryId],
    declared: Iterable[DeclaredPackage],
    catalogue: Catalogue,
) -> Published:
    """Say which packages a repository publishes: `registries` are those that its publications go to.

    A manifest counts only where the repository publishes to its registry, so that an unpublished name is never taken for
    a stranger's package. What the policy names is always one; what it names for another repository is none of this one.
    """
    found, elsewhere, untold = _declared(repository, declared, catalogue)
    numbers: dict[Package, str] = {}
    workspace = npm_manifests.members(texts)
    for path, text in sorted(texts.items(), key=lambda file: (file[0].count("/"), file[0])):
        home, reader = _reader(path)
        if reader is None or home not in registries or (home == "npm" and path not in workspace):
            continue
        try:
            for told in reader(path, text, catalogue):
                found.append(package := _package(told))
                if told.number is not None:
                    numbers.setdefault(package, told.number)
        except UnreadableError as error:
            untold.append(Unreadable(path, f"{error.reason}; name the package in the policy's `packages`"))
    packages = [package for package in dict.fromkeys(found) if package not in elsewhere]
    if len(packages) > MOST:
        untold.append(Unreadable("packages", f"there are {len(packages)} of them and the first {MOST} are watched"))
    untold += _missing(registries, packages, catalogue)
    return Published(tuple(packages[:MOST]), tuple(untold), numbers)


def _declared(
    repository: FullName, declared: Iterable[DeclaredPackage], catalogue: Catalogue
) -> tuple[list[Package], set[Package], list[Unreadable]]:
    """Read what the policy names: for this repository, for others, and what it names that nobody knows."""
    ours: list[Package] = []
    others: set[Package] = set()
    untold = []
    for each in declared:
        own = each.repository.lower() == repository.lower()
        try:
            package = package_of(each.purl, catalogue)
        except UnreadableError as error:
            if own:
                untold.append(Unreadable(each.origin or "the policy", error.reason, each.line or None))
            continue
        if own:
            ours.append(package)
        else:
            others.add(package)
    return ours, others - set(ours), untold


def _reader(path: str) -> tuple[str, ManifestReader | None]:
    name = PurePosixPath(path).name
    return _READERS.get(name) or _READERS.get(PurePosixPath(name).suffix) or ("", None)


def _package(told: Told) -> Package:
    registry = RegistryId(told.registry)
    return Package(registry, normal(registry, told.name))


def _missing(
    registries: Collection[RegistryId], packages: Iterable[Package], catalogue: Catalogue
) -> Iterator[Unreadable]:
    """Say of each registry that is published to, and whose packages can be read, that no package of it was found."""
    named = {package.registry for package in packages}
    for each in sorted(set(registries) - named):
        registry = catalogue.registries.get(each)
        if registry is not None and registry.etiquette is not None and each != "testpypi":
            reason = f"it publishes to {registry.name}, and no manifest names the package; name it in the policy's `packages`"
            yield Unreadable(str(each), reason)
