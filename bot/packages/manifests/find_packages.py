"""Finds a repository's manifests and policy entries, and the packages that it publishes."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from bot.model.core_types import FullName, RegistryId
from bot.model.errors import UnreadableError
from bot.model.findings import UnreadableFile
from bot.model.identity_register import DeclaredPackage
from bot.packages.manifests import (
    manifest_readers,
    npm_manifests,
)
from bot.packages.manifests.manifest_readers import ManifestPackage, ManifestReader
from bot.packages.manifests.purl import normalize_name, parse_purl
from bot.packages.versions import Package
from bot.registries import Catalog

MAX_PACKAGES = 300  # packages of one repository

_MANIFEST_READERS: Mapping[str, tuple[str, ManifestReader]] = {
    "package.json": ("npm", npm_manifests.package_json),
    "jsr.json": ("jsr", npm_manifests.jsr_json),
    "deno.json": ("jsr", npm_manifests.jsr_json),
    "deno.jsonc": ("jsr", npm_manifests.jsr_json),
    "pyproject.toml": ("pypi", manifest_readers.pyproject),
    "setup.cfg": ("pypi", manifest_readers.setup_cfg),
    "setup.py": ("pypi", manifest_readers.setup_py),
    "Cargo.toml": ("crates.io", manifest_readers.cargo_toml),
    ".gemspec": ("rubygems", manifest_readers.gemspec),
    ".csproj": ("nuget", manifest_readers.project_file),
    ".fsproj": ("nuget", manifest_readers.project_file),
    ".vbproj": ("nuget", manifest_readers.project_file),
    ".nuspec": ("nuget", manifest_readers.nuspec_file),
    "pom.xml": ("maven-central", manifest_readers.pom_xml),
    "build.gradle": ("maven-central", manifest_readers.gradle_build),
    "build.gradle.kts": ("maven-central", manifest_readers.gradle_build),
    "go.mod": ("golang", manifest_readers.go_mod),
    "pubspec.yaml": ("pub", manifest_readers.pubspec_yaml),
    "mix.exs": ("hex", manifest_readers.mix_exs),
}


@dataclass(frozen=True, slots=True)
class PublishedPackages:
    """The packages of a repository, and what could not be told, with the reason: a file, or a registry."""

    packages: tuple[Package, ...] = ()
    unidentified: tuple[UnreadableFile, ...] = ()
    versions: Mapping[Package, str] = field(default_factory=dict)  # the versions that manifests say, where they say one


def find_published_packages(
    repository: FullName,
    texts: Mapping[str, str],
    registries: Collection[RegistryId],
    declared: Iterable[DeclaredPackage],
    catalog: Catalog,
) -> PublishedPackages:
    """Say which packages a repository publishes: `registries` are those that its publications go to.

    A manifest counts only where the repository publishes to its registry, so that an unpublished name is never taken for
    a stranger's package. What the policy names is always one; what it names for another repository is none of this one.
    """
    found, elsewhere, unidentified = _declared_packages(repository, declared, catalog)
    numbers: dict[Package, str] = {}
    workspace = npm_manifests.read_workspace(texts)
    for path, text in sorted(texts.items(), key=lambda file: (file[0].count("/"), file[0])):
        home, reader = _reader(path)
        if reader is None or home not in registries or (home == "npm" and path not in workspace):
            continue
        try:
            for declared_package in reader(path, text, catalog):
                found.append(package := _to_package(declared_package))
                if declared_package.version is not None:
                    numbers.setdefault(package, declared_package.version)
        except UnreadableError as error:
            unidentified.append(UnreadableFile(path, f"{error.reason}; name the package in the policy's `packages`"))
    packages = [package for package in dict.fromkeys(found) if package not in elsewhere]
    if len(packages) > MAX_PACKAGES:
        unidentified.append(
            UnreadableFile("packages", f"there are {len(packages)} of them and the first {MAX_PACKAGES} are watched")
        )
    unidentified += _registries_without_package(registries, packages, catalog)
    return PublishedPackages(tuple(packages[:MAX_PACKAGES]), tuple(unidentified), numbers)


def _declared_packages(
    repository: FullName, declared: Iterable[DeclaredPackage], catalog: Catalog
) -> tuple[list[Package], set[Package], list[UnreadableFile]]:
    """Read what the policy names: for this repository, for others, and what it names that nobody knows."""
    ours: list[Package] = []
    others: set[Package] = set()
    unidentified = []
    for each in declared:
        own = each.repository.lower() == repository.lower()
        try:
            package = parse_purl(each.purl, catalog)
        except UnreadableError as error:
            if own:
                unidentified.append(UnreadableFile(each.origin or "the policy", error.reason, each.line or None))
            continue
        if own:
            ours.append(package)
        else:
            others.add(package)
    return ours, others - set(ours), unidentified


def _reader(path: str) -> tuple[str, ManifestReader | None]:
    name = PurePosixPath(path).name
    return _MANIFEST_READERS.get(name) or _MANIFEST_READERS.get(PurePosixPath(name).suffix) or ("", None)


def _to_package(manifest_package: ManifestPackage) -> Package:
    registry = RegistryId(manifest_package.registry)
    return Package(registry, normalize_name(registry, manifest_package.name))


def _registries_without_package(
    registries: Collection[RegistryId], packages: Iterable[Package], catalog: Catalog
) -> Iterator[UnreadableFile]:
    """Say of each registry that is published to, and whose packages can be read, that no package of it was found."""
    named = {package.registry for package in packages}
    for each in sorted(set(registries) - named):
        registry = catalog.registries.get(each)
        if registry is not None and registry.request_policy is not None and each != "testpypi":
            reason = f"it publishes to {registry.name}, and no manifest names the package; name it in the policy's `packages`"
            yield UnreadableFile(str(each), reason)


MAX_MANIFESTS = 100  # manifests of one repository; the nearest to its root
MAX_FOLDER_DEPTH = 6  # folders

MANIFEST_NAMES = frozenset(
    {
        "package.json",
        "pnpm-workspace.yaml",
        "lerna.json",
        "jsr.json",
        "deno.json",
        "deno.jsonc",
        "pyproject.toml",
        "setup.cfg",
        "setup.py",
        "Cargo.toml",
        "pom.xml",
        "build.gradle",
        "build.gradle.kts",
        "settings.gradle",
        "settings.gradle.kts",
        "gradle.properties",
        "go.mod",
        "pubspec.yaml",
        "mix.exs",
    }
)
MANIFEST_SUFFIXES = (".gemspec", ".csproj", ".fsproj", ".vbproj", ".nuspec")
# Folders of what is not published: copies of others' packages, and projects that tests and readers are shown.
EXCLUDED_FOLDERS = re.compile(
    r"(?:^|/)(?:node_modules|vendor|third[-_]?party|testdata|tests?|__tests__|spec|specs|fixtures?|__fixtures__|examples?"
    r"|samples?|demos?|e2e|benchmarks?|templates?|playgrounds?|website|target|dist|build|\.[^/]+)(?:/|$)",
    re.IGNORECASE,
)


def manifest_paths(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the manifests among all files of a repository, the nearest to its root first; at most `MOST`."""
    found = [path for path in paths if _is_manifest(path)]
    return tuple(sorted(found, key=lambda path: (path.count("/"), path))[:MAX_MANIFESTS])


def _is_manifest(path: str) -> bool:
    name, folder = PurePosixPath(path).name, str(PurePosixPath(path).parent)
    if name not in MANIFEST_NAMES and not name.endswith(MANIFEST_SUFFIXES):
        return False
    return path.count("/") <= MAX_FOLDER_DEPTH and not EXCLUDED_FOLDERS.search(folder if folder != "." else "")
