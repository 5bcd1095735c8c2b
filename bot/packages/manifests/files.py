"""Which files of a repository are manifests that name a package of its own: found by name, within limits."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

MOST = 100  # manifests of one repository; the nearest to its root
DEEPEST = 6  # folders

NAMES = frozenset(
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
ENDINGS = (".gemspec", ".csproj", ".fsproj", ".vbproj", ".nuspec")
# Folders of what is not published: copies of others' packages, and projects that tests and readers are shown.
NOT_OURS = re.compile(
    r"(?:^|/)(?:node_modules|vendor|third[-_]?party|testdata|tests?|__tests__|spec|specs|fixtures?|__fixtures__|examples?"
    r"|samples?|demos?|e2e|benchmarks?|templates?|playgrounds?|website|target|dist|build|\.[^/]+)(?:/|$)",
    re.IGNORECASE,
)


def wanted_manifests(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the manifests among all files of a repository, the nearest to its root first; at most `MOST`."""
    found = [path for path in paths if _is_manifest(path)]
    return tuple(sorted(found, key=lambda path: (path.count("/"), path))[:MOST])


def _is_manifest(path: str) -> bool:
    name, folder = PurePosixPath(path).name, str(PurePosixPath(path).parent)
    if name not in NAMES and not name.endswith(ENDINGS):
        return False
    return path.count("/") <= DEEPEST and not NOT_OURS.search(folder if folder != "." else "")
