"""Reads the registries that project files and release tool configurations publish to."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.detection.file_cache import FileCache
from bot.detection.tasks.node_tasks import read_package_json
from bot.detection.tasks.python_tasks import read_toml
from bot.model.core_types import RegistryId
from bot.model.errors import UnreadableError
from bot.registries import Catalog
from bot.yaml import YamlMapping as Fields
from bot.yaml import YamlNode, YamlScalar, YamlSequence, read_yaml


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
        if project.catalog.registry_at(address) is not None:
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


@dataclass(frozen=True, slots=True)
class ReleaseToolConfig:
    """What a configuration says: registries (with an address where it names one), and commands that are run."""

    path: str
    targets: tuple[tuple[RegistryId, str], ...] = ()
    commands: tuple[str, ...] = ()
    disabled_registries: frozenset[RegistryId] = (
        frozenset()
    )  # registries that the tool could publish to and is told not to


# Sections of a goreleaser configuration and where they publish; images say by their own names (`docker` below).
_GORELEASER_SECTIONS: Mapping[str, str] = {
    "brews": "homebrew",
    "homebrew_casks": "homebrew",
    "casks": "homebrew",
    "scoops": "misc",
    "scoop": "misc",
    "aurs": "misc",
    "aur_sources": "misc",
    "krews": "misc",
    "nix": "misc",
    "winget": "winget",
    "chocolateys": "chocolatey",
    "snapcrafts": "snap",
    "furies": "gemfury",
    "gemfury": "gemfury",
    "cloudsmiths": "cloudsmith",
    "npms": "npm",
    "artifactories": "artifactory",
}
_IMAGE_SECTIONS = ("dockers", "docker_manifests", "dockers_v2", "kos", "ko")
_IMAGE_KEYS = ("image_templates", "name_template", "images", "repositories", "repository")
# Plugins of semantic-release and where they publish.
_SEMANTIC_RELEASE_PLUGINS: Mapping[str, str] = {
    "@semantic-release/npm": "npm",
    "@semantic-release/github": "github-releases",
    "@sebbo2002/semantic-release-jsr": "jsr",
    "semantic-release-pypi": "pypi",
    "semantic-release-cargo": "crates.io",
    "@semantic-release-cargo/semantic-release-cargo": "crates.io",
    "semantic-release-rubygem": "rubygems",
    "semantic-release-nuget": "nuget",
    "semantic-release-vsce": "vscode-marketplace",
    "@semantic-release-plus/docker": "docker-hub",
    "semantic-release-docker": "docker-hub",
    "@codedependant/semantic-release-docker": "docker-hub",
    "semantic-release-helm": "helm",
    "semantic-release-helm3": "helm",
    "gradle-semantic-release-plugin": "maven-central",
    "semantic-release-pub": "pub",
    "semantic-release-hex": "hex",
    "semantic-release-chrome": "chrome-web-store",
    "semantic-release-firefox": "amo",
}
_SEMANTIC_RELEASE_FILES = (
    ".releaserc",
    ".releaserc.json",
    ".releaserc.yaml",
    ".releaserc.yml",
    ".releaserc.js",
    ".releaserc.cjs",
    ".releaserc.mjs",
    "release.config.js",
    "release.config.cjs",
    "release.config.mjs",
)
_QUOTED = re.compile(r"""["']((?:@[\w.-]{1,60}/)?[\w.-]{1,60})["']""")
_COMMAND = re.compile(r"""["']?(?:publishCmd|successCmd)["']?\s*:\s*["'`]([^"'`]{1,2000})["'`]""")


def goreleaser(files: FileCache) -> ReleaseToolConfig | None:
    """Read `.goreleaser.yaml`; None when it is not at hand."""
    names = (".goreleaser.yaml", ".goreleaser.yml", "goreleaser.yaml", "goreleaser.yml", ".config/goreleaser.yaml")
    found = files.read_first(names)
    if found is None:
        return None
    path, text = found
    root = _document(text)
    if root is None:
        return None
    sends: list[tuple[RegistryId, str]] = []
    for section, node in root.values.items():
        if section in _IMAGE_SECTIONS:
            sends += [(RegistryId("docker-hub"), image) for image in _images(node)]
        elif section in _GORELEASER_SECTIONS and not _is_skipped(node):
            sends.append((RegistryId(_GORELEASER_SECTIONS[section]), ""))
    release = root.get("release")
    off = isinstance(release, Fields) and _has_value(release.get("disable"), "true")
    return ReleaseToolConfig(
        path, tuple(dict.fromkeys(sends)), disabled_registries=frozenset({RegistryId("github-releases")} if off else ())
    )


def _images(node: YamlNode) -> Iterator[str]:
    for item in node.items if isinstance(node, YamlSequence) else (node,):
        if not isinstance(item, Fields) or _is_skipped(item):
            continue
        for key in _IMAGE_KEYS:
            each = item.get(key)
            for text in each.items if isinstance(each, YamlSequence) else (each,):
                if isinstance(text, YamlScalar) and text.value:
                    yield text.value.replace("{{", "${{")


def _is_skipped(node: YamlNode) -> bool:
    """Whether an entry (or every entry of a list) is told not to be uploaded."""
    if isinstance(node, YamlSequence):
        return bool(node.items) and all(_is_skipped(item) for item in node.items)
    if not isinstance(node, Fields):
        return False
    return any(_has_value(node.get(key), "true") for key in ("skip_upload", "skip_push", "disable", "skip_publish"))


def _has_value(node: YamlNode | None, word: str) -> bool:
    return isinstance(node, YamlScalar) and node.value == word


def semantic_release(files: FileCache) -> ReleaseToolConfig | None:
    """Read semantic-release's plugins; None when no configuration is at hand (then it uses its own default)."""
    found = files.read_first(_SEMANTIC_RELEASE_FILES)
    if found is None:
        text = files.read("package.json")
        release = read_package_json(text).get("release") if text is not None else None
        if not isinstance(release, dict):
            return None
        found = "package.json", json.dumps(release)
    path, text = found
    if "plugins" not in text:
        return None
    words = _QUOTED.findall(text) if not path.endswith((".yaml", ".yml")) else re.findall(r"[@\w./-]+", text)
    sends = [(RegistryId(_SEMANTIC_RELEASE_PLUGINS[word]), "") for word in words if word in _SEMANTIC_RELEASE_PLUGINS]
    silent = {RegistryId(each) for each in ("npm", "github-releases") if (RegistryId(each), "") not in sends}
    if re.search(r"""npmPublish["']?\s*:\s*false""", text):
        silent.add(RegistryId("npm"))
    kept = [each for each in sends if each[0] not in silent]
    return ReleaseToolConfig(path, tuple(dict.fromkeys(kept)), tuple(_COMMAND.findall(text)), frozenset(silent))


def release_plz(files: FileCache) -> ReleaseToolConfig | None:
    """Read release-plz.toml; None when it is not at hand."""
    found = files.read_first(("release-plz.toml", ".release-plz.toml"))
    if found is None:
        return None
    path, text = found
    workspace = read_toml(text).get("workspace")
    silent = set()
    if isinstance(workspace, dict):
        if workspace.get("publish") is False:
            silent.add(RegistryId("crates.io"))
        if workspace.get("git_release_enable") is False:
            silent.add(RegistryId("github-releases"))
    return ReleaseToolConfig(path, disabled_registries=frozenset(silent))


def _document(text: str) -> Fields | None:
    try:
        root = read_yaml(text.encode())
    except UnreadableError:
        return None
    return root if isinstance(root, Fields) else None


# The tools by the word that names them in commands and actions.
RELEASE_CONFIG_READERS = {
    "goreleaser": goreleaser,
    "semantic-release": semantic_release,
    "multi-semantic-release": semantic_release,
    "release-plz": release_plz,
}
