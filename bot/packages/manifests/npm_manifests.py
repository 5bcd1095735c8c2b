"""package.json, jsr.json and deno.json: packages of npm and JSR, and which folders are a workspace's members."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from bot.model.errors import UnreadableError
from bot.packages.manifests.manifest_readers import Told, number_in, record
from bot.registries import Catalogue

_NAME = re.compile(r"(?:@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*", re.IGNORECASE)
_SCOPED = re.compile(r"@[a-z0-9-]+/[a-z0-9-]+")
_LISTED = re.compile(r"^\s*-\s*[\"']?([^\"'#\n]+)", re.MULTILINE)
MOST_GLOBS, LONGEST_GLOB, MOST_PARTS = 100, 200, 8
_COMMENT = re.compile(r'("(?:\\.|[^"\\\n])*")|//[^\n]*')


def npm(_: str, text: str, catalogue: Catalogue) -> Iterator[Told]:
    """Tell the package of a package.json; none of one that is private, or goes to another registry."""
    manifest = _json(text)
    name = manifest.get("name")
    if manifest.get("private") is True or not isinstance(name, str):
        return
    address = record(manifest.get("publishConfig")).get("registry")
    if isinstance(address, str) and (found := catalogue.at(address)) is not None and found.id != "npm":
        return
    if not _NAME.fullmatch(name):
        raise UnreadableError(f"{name[:100]} is no name for a package of npm")
    yield Told("npm", name, number_in(manifest.get("version")))


def jsr(path: str, text: str, _: Catalogue) -> Iterator[Told]:
    """Tell the package of a jsr.json or deno.json; without a name and exports it is only a configuration."""
    if path.endswith(".jsonc") and "/*" in text:
        raise UnreadableError("it holds comments over several lines")
    manifest = _json(_COMMENT.sub(lambda match: match[1] or "", text) if path.endswith(".jsonc") else text)
    name = manifest.get("name")
    if isinstance(name, str) and "exports" in manifest and manifest.get("publish") is not False:
        if not _SCOPED.fullmatch(name):
            raise UnreadableError(f"{name[:100]} is no name for a package of JSR")
        yield Told("jsr", name, number_in(manifest.get("version")))


def members(texts: Mapping[str, str]) -> "Workspace":
    """Read which folders the root says are its workspace's."""
    globs: list[str] = []
    for name in ("package.json", "lerna.json"):
        try:
            manifest = _json(texts.get(name, "{}"))
        except UnreadableError:
            continue  # told where its package is asked for
        said = manifest.get("workspaces") if name == "package.json" else manifest.get("packages")
        said = record(said).get("packages", said)
        globs += [each for each in said if isinstance(each, str)] if isinstance(said, list) else []
    if found := re.search(
        r"^packages:[ \t]*\n((?:[ \t]*(?:-|#).*\n?|[ \t]*\n)+)", texts.get("pnpm-workspace.yaml", ""), re.MULTILINE
    ):
        globs += [each.strip() for each in _LISTED.findall(found[1])]
    return Workspace(globs)


class Workspace:
    """The folders of a workspace's members; without one, every folder may hold a package of its own."""

    def __init__(self, globs: Iterable[str]) -> None:
        globs = [each.strip() for each in globs][:MOST_GLOBS]
        self._said = bool(globs)
        self._in = [parts for each in globs if not each.startswith("!") and (parts := _parts(each))]
        self._out = [parts for each in globs if each.startswith("!") and (parts := _parts(each[1:]))]

    def __contains__(self, path: str) -> bool:
        folder = PurePosixPath(path).parent.parts
        if not folder or not self._said:
            return True
        return any(_fits(folder, glob) for glob in self._in) and not any(_fits(folder, glob) for glob in self._out)


def _parts(glob: str) -> tuple[str, ...]:
    """Take a glob apart; one that is longer than any folder is takes none in."""
    parts = tuple(part for part in glob.split("/") if part not in ("", "."))
    return parts if len(glob) <= LONGEST_GLOB and len(parts) <= MOST_PARTS else ()


def _fits(folder: Sequence[str], glob: Sequence[str]) -> bool:
    """Whether a glob names a folder: `*` is within a name, `**` any number of folders."""
    if not glob:
        return not folder
    if glob[0] == "**":
        return any(_fits(folder[start:], glob[1:]) for start in range(len(folder) + 1))
    return bool(folder) and fnmatchcase(folder[0], glob[0]) and _fits(folder[1:], glob[1:])


def _json(text: str) -> Mapping[str, object]:
    try:
        return record(json.loads(text))
    except (ValueError, RecursionError):
        raise UnreadableError("it is not JSON") from None
