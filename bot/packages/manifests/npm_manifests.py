"""Reads npm and JSR packages and workspace members from package.json, jsr.json and deno.json."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from bot.model.errors import UnreadableError
from bot.packages.manifests.manifest_readers import ManifestPackage, as_object, literal_version
from bot.registries import Catalog

_NPM_NAME = re.compile(r"(?:@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*", re.IGNORECASE)
_SCOPED = re.compile(r"@[a-z0-9-]+/[a-z0-9-]+")
_LIST_ITEM = re.compile(r"^[ \t]*-[ \t]*[\"']?([^\"'#\n]+)", re.MULTILINE)
MAX_GLOBS, MAX_GLOB_LENGTH, MAX_GLOB_PARTS = 100, 200, 8
_COMMENT = re.compile(r'("(?:\\.|[^"\\\n])*")|//[^\n]*')


def package_json(_: str, text: str, catalog: Catalog) -> Iterator[ManifestPackage]:
    """Tell the package of a package.json; none of one that is private, or goes to another registry."""
    manifest = _json(text)
    name = manifest.get("name")
    if manifest.get("private") is True or not isinstance(name, str):
        return
    address = as_object(manifest.get("publishConfig")).get("registry")
    if isinstance(address, str) and (found := catalog.registry_at(address)) is not None and found.id != "npm":
        return
    if not _NPM_NAME.fullmatch(name):
        raise UnreadableError(f"{name[:100]} is no name for a package of npm")
    yield ManifestPackage("npm", name, literal_version(manifest.get("version")))


def jsr_json(path: str, text: str, _: Catalog) -> Iterator[ManifestPackage]:
    """Tell the package of a jsr.json or deno.json; without a name and exports it is only a configuration."""
    if path.endswith(".jsonc") and "/*" in text:
        raise UnreadableError("it holds comments over several lines")
    manifest = _json(_COMMENT.sub(lambda match: match[1] or "", text) if path.endswith(".jsonc") else text)
    name = manifest.get("name")
    if isinstance(name, str) and "exports" in manifest and manifest.get("publish") is not False:
        if not _SCOPED.fullmatch(name):
            raise UnreadableError(f"{name[:100]} is no name for a package of JSR")
        yield ManifestPackage("jsr", name, literal_version(manifest.get("version")))


def read_workspace(texts: Mapping[str, str]) -> "NpmWorkspace":
    """Read which folders the root says are its workspace's."""
    globs: list[str] = []
    for name in ("package.json", "lerna.json"):
        try:
            manifest = _json(texts.get(name, "{}"))
        except UnreadableError:
            continue  # told where its package is asked for
        patterns = manifest.get("workspaces") if name == "package.json" else manifest.get("packages")
        patterns = as_object(patterns).get("packages", patterns)
        globs += [each for each in patterns if isinstance(each, str)] if isinstance(patterns, list) else []
    if found := re.search(
        r"^packages:[ \t]*\n((?:[ \t]*(?:-|#).*\n?|[ \t]*\n)+)", texts.get("pnpm-workspace.yaml", ""), re.MULTILINE
    ):
        globs += [each.strip() for each in _LIST_ITEM.findall(found[1])]
    return NpmWorkspace(globs)


class NpmWorkspace:
    """The folders of a workspace's members; without one, every folder may hold a package of its own."""

    def __init__(self, globs: Iterable[str]) -> None:
        globs = [each.strip() for each in globs][:MAX_GLOBS]
        self._declared = bool(globs)
        self._included = [parts for each in globs if not each.startswith("!") and (parts := _glob_parts(each))]
        self._excluded = [parts for each in globs if each.startswith("!") and (parts := _glob_parts(each[1:]))]

    def __contains__(self, path: str) -> bool:
        folder = PurePosixPath(path).parent.parts
        if not folder or not self._declared:
            return True
        return any(_matches_glob(folder, glob) for glob in self._included) and not any(
            _matches_glob(folder, glob) for glob in self._excluded
        )


def _glob_parts(glob: str) -> tuple[str, ...]:
    """Take a glob apart; one that is longer than any folder is takes none in."""
    parts = tuple(part for part in glob.split("/") if part not in ("", "."))
    return parts if len(glob) <= MAX_GLOB_LENGTH and len(parts) <= MAX_GLOB_PARTS else ()


def _matches_glob(folder: Sequence[str], glob: Sequence[str]) -> bool:
    """Whether a glob names a folder: `*` is within a name, `**` any number of folders."""
    if not glob:
        return not folder
    if glob[0] == "**":
        return any(_matches_glob(folder[start:], glob[1:]) for start in range(len(folder) + 1))
    return bool(folder) and fnmatchcase(folder[0], glob[0]) and _matches_glob(folder[1:], glob[1:])


def _json(text: str) -> Mapping[str, object]:
    try:
        return as_object(json.loads(text))
    except (ValueError, RecursionError):
        raise UnreadableError("it is not JSON") from None
