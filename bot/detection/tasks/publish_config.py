"""Where a project's own files send its packages: publishConfig, .npmrc, pyproject.toml, Cargo.toml, pom.xml, build.gradle."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.detection.file_cache import Shelf
from bot.detection.tasks.node_tasks import package
from bot.detection.tasks.python_tasks import toml
from bot.registries import Catalogue


@dataclass(frozen=True, slots=True)
class Project:
    """What the files say: an address (empty: the tool's default), names of addresses, and whether publishing is refused."""

    address: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    refused: bool = False


NOTHING_SAID = Project()
_NPMRC = re.compile(r"^\s*(?:(@[\w.-]+):)?registry\s*=\s*[\"']?([^\s\"'#;]+)", re.MULTILINE)
_ADDRESS = re.compile(r"https?://[\w.${}/:-]{4,200}")
# Plugins whose only purpose is Maven Central.
_CENTRAL = (
    "central-publishing-maven-plugin",
    "nexus-staging-maven-plugin",
    "com.vanniktech.maven.publish",
    "gradle-nexus.publish-plugin",
    "nmcp",
)


@dataclass(frozen=True, slots=True)
class Files:
    """The files of one folder of the repository."""

    shelf: Shelf
    folder: str
    catalogue: Catalogue

    def read(self, *names: str) -> str:
        """Give the first of these files that is at hand; empty when none is."""
        found = self.shelf.read_first(name if self.folder in ("", ".") else f"{self.folder}/{name}" for name in names)
        return found[1] if found else ""


def project(tool: str, shelf: Shelf, folder: str, catalogue: Catalogue) -> Project:
    """Say what the files of a folder say to a tool; nothing when the tool reads none, or they are not at hand."""
    reader = _READERS.get(tool)
    if reader is None or "$" in folder or folder.startswith(("..", "/")):
        return NOTHING_SAID
    return reader(Files(shelf, folder, catalogue))


def _node(files: Files) -> Project:
    text = files.read("package.json")
    manifest = package(text) if text else {}
    settings = dict(_NPMRC.findall(files.read(".npmrc")))
    name = str(manifest.get("name", ""))
    scope = name.partition("/")[0] if name.startswith("@") else ""
    config = manifest.get("publishConfig")
    config = config if isinstance(config, dict) else {}
    address = config.get(f"{scope}:registry") if scope else None
    address = address or config.get("registry") or settings.get(scope) or settings.get("") or ""
    return Project(str(address), refused=manifest.get("private") is True)


def _python(files: Files) -> Project:
    tools = toml(files.read("pyproject.toml")).get("tool")
    tools = tools if isinstance(tools, dict) else {}
    names: dict[str, str] = {}
    for each in _list(tools, "uv", "index"):
        names[str(each.get("name", ""))] = str(each.get("publish-url", ""))
    for each in (*_list(tools, "poetry", "source"), *_list(tools, "pdm", "source")):
        names[str(each.get("name", ""))] = str(each.get("url", ""))
    for name, each in _table(tools, "hatch", "publish", "index", "repos").items():
        names[name] = str(each.get("url", "")) if isinstance(each, dict) else str(each)
    names = {name: address for name, address in names.items() if name and address}
    default = _table(tools, "uv").get("publish-url") or _table(tools, "hatch", "publish", "index").get("repo") or ""
    return Project(str(default), names)


def _cargo(files: Files) -> Project:
    manifest = toml(files.read("Cargo.toml"))
    publish = _table(manifest, "package").get("publish")
    if publish is False or publish == []:
        return Project(refused=True)
    registries = _table(toml(files.read(".cargo/config.toml", ".cargo/config")), "registries")
    names = {
        name: str(each["index"]) for name, each in registries.items() if isinstance(each, dict) and "index" in each
    }
    only = publish[0] if isinstance(publish, list) and len(publish) == 1 else ""
    return Project(str(only), names)


def _maven(files: Files) -> Project:
    text = files.read("pom.xml")
    start, end = text.find("<distributionManagement>"), text.find("</distributionManagement>")
    return _java(files, text[start:end] if 0 <= start < end else "", text)


def _gradle(files: Files) -> Project:
    text = files.read("build.gradle.kts", "build.gradle")
    start = text.find("publishing")
    return _java(files, text[start:] if start >= 0 else "", text)


def _java(files: Files, part: str, whole: str) -> Project:
    """Give the first registry that the publishing part of a build file names; a plugin for Maven Central says the same."""
    for address in _ADDRESS.findall(part[:65536]):
        if files.catalogue.at(address) is not None:
            return Project(address)
    central = files.catalogue.named("central") if any(plugin in whole for plugin in _CENTRAL) else None
    return Project("central") if central is not None else NOTHING_SAID


def _table(root: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    found: Any = root
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _list(root: Mapping[str, Any], *keys: str) -> Iterable[dict[str, Any]]:
    found = _table(root, *keys[:-1]).get(keys[-1])
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


_READERS: Mapping[str, Callable[[Files], Project]] = {
    **dict.fromkeys(("npm", "pnpm", "yarn", "bun", "lerna", "changeset"), _node),
    **dict.fromkeys(("uv", "poetry", "hatch", "pdm", "flit"), _python),
    "cargo": _cargo,
    **dict.fromkeys(("mvn", "mvnw"), _maven),
    **dict.fromkeys(("gradle", "gradlew"), _gradle),
}
