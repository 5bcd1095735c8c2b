"""Which files of a repository are manifests that name a package of its own: found by name, within limits."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

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
