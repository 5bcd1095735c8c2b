"""Reads the registries that project files publish to."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.detection.file_cache import FileCache
from bot.detection.tasks.node_tasks import read_package_json
from bot.detection.tasks.python_tasks import read_toml
from bot.registries import Catalog


@dataclass(frozen=True, slots=True)
class ProjectConfig:
    """What the files say: an address (empty: the tool's default), names of addresses, and whether publishing is refused."""

    address: str = ""
    named_addresses: Mapping[str, str] = field(default_factory=dict)
    publishing_disabled: bool = False


NO_PROJECT_CONFIG = ProjectConfig()
_NPMRC = re.compile(r"^[ \t]*+(?:(@[\w.-]+):)?registry[ \t]*+=[ \t]*+[\"']?([^\s\"'#;]+)", re.MULTILINE)
_ADDRESS = re.compile(r"https?://[\w.${}/:-]{4,200}")
# Plugins whose only purpose is Maven Central.
_MAVEN_CENTRAL_PLUGINS = (
    "central-publishing-maven-plugin",
    "nexus-staging-maven-plugin",
    "com.vanniktech.maven.publish",
    "gradle-nexus.publish-plugin",
    "nmcp",
)


@dataclass(frozen=True, slots=True)
class ProjectFolder:
    """The files of one folder of the repository."""

    files: FileCache
    path: str
    catalog: Catalog

    def read(self, *names: str) -> str:
        """Give the first of these files that is at hand; empty when none is."""
        found = self.files.read_first(name if self.path in ("", ".") else f"{self.path}/{name}" for name in names)
        return found[1] if found else ""


def read_project_config(tool: str, files: FileCache, folder: str, catalog: Catalog) -> ProjectConfig:
    """Say what the files of a folder say to a tool; nothing when the tool reads none, or they are not at hand."""
    reader = _PROJECT_READERS.get(tool)
    if reader is None or "$" in folder or folder.startswith(("..", "/")):
        return NO_PROJECT_CONFIG
    return reader(ProjectFolder(files, folder, catalog))


def _node_config(project: ProjectFolder) -> ProjectConfig:
    text = project.read("package.json")
    manifest = read_package_json(text) if text else {}
    settings = dict(_NPMRC.findall(project.read(".npmrc")))
    name = str(manifest.get("name", ""))
    scope = name.partition("/")[0] if name.startswith("@") else ""
    config = manifest.get("publishConfig")
    config = config if isinstance(config, dict) else {}
    address = config.get(f"{scope}:registry") if scope else None
    address = address or config.get("registry") or settings.get(scope) or settings.get("") or ""
    return ProjectConfig(str(address), publishing_disabled=manifest.get("private") is True)


def _python_config(project: ProjectFolder) -> ProjectConfig:
    tools = read_toml(project.read("pyproject.toml")).get("tool")
    tools = tools if isinstance(tools, dict) else {}
    names: dict[str, str] = {}
    for each in _tables_in(tools, "uv", "index"):
        names[str(each.get("name", ""))] = str(each.get("publish-url", ""))
    for each in (*_tables_in(tools, "poetry", "source"), *_tables_in(tools, "pdm", "source")):
        names[str(each.get("name", ""))] = str(each.get("url", ""))
    for name, each in _table(tools, "hatch", "publish", "index", "repos").items():
        names[name] = str(each.get("url", "")) if isinstance(each, dict) else str(each)
    names = {name: address for name, address in names.items() if name and address}
    default = _table(tools, "uv").get("publish-url") or _table(tools, "hatch", "publish", "index").get("repo") or ""
    return ProjectConfig(str(default), names)


def _cargo_config(project: ProjectFolder) -> ProjectConfig:
    manifest = read_toml(project.read("Cargo.toml"))
    publish = _table(manifest, "package").get("publish")
    if publish is False or publish == []:
        return ProjectConfig(publishing_disabled=True)
    registries = _table(read_toml(project.read(".cargo/config.toml", ".cargo/config")), "registries")
    names = {
        name: str(each["index"]) for name, each in registries.items() if isinstance(each, dict) and "index" in each
    }
    only = publish[0] if isinstance(publish, list) and len(publish) == 1 else ""
    return ProjectConfig(str(only), names)


def _maven_config(project: ProjectFolder) -> ProjectConfig:
    text = project.read("pom.xml")
    start, end = text.find("<distributionManagement>"), text.find("</distributionManagement>")
    return _jvm_config(project, text[start:end] if 0 <= start < end else "", text)


def _gradle_config(project: ProjectFolder) -> ProjectConfig:
    text = project.read("build.gradle.kts", "build.gradle")
    start = text.find("publishing")
    return _jvm_config(project, text[start:] if start >= 0 else "", text)


def _jvm_config(project: ProjectFolder, part: str, whole: str) -> ProjectConfig:
    """Give the first registry that the publishing part of a build file names; a plugin for Maven Central says the same."""
    for address in _ADDRESS.findall(part[:65536]):
        if project.catalog.registry_at(address) is not None or project.catalog.is_private(address):
            return ProjectConfig(address)
    central = project.catalog.by_name("central") if any(plugin in whole for plugin in _MAVEN_CENTRAL_PLUGINS) else None
    return ProjectConfig("central") if central is not None else NO_PROJECT_CONFIG


def _table(root: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    found: Any = root
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _tables_in(root: Mapping[str, Any], *keys: str) -> Iterable[dict[str, Any]]:
    found = _table(root, *keys[:-1]).get(keys[-1])
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


_PROJECT_READERS: Mapping[str, Callable[[ProjectFolder], ProjectConfig]] = {
    **dict.fromkeys(("npm", "pnpm", "yarn", "bun", "lerna", "changeset"), _node_config),
    **dict.fromkeys(("uv", "poetry", "hatch", "pdm", "flit"), _python_config),
    "cargo": _cargo_config,
    **dict.fromkeys(("mvn", "mvnw"), _maven_config),
    **dict.fromkeys(("gradle", "gradlew"), _gradle_config),
}
