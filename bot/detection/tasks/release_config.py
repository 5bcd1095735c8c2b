"""Reads what release tools publish from their own configuration files, with every output's condition and token."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from bot.detection.file_cache import FileCache
from bot.detection.tasks import read_plain_yaml
from bot.detection.tasks.node_tasks import read_package_json
from bot.detection.tasks.python_tasks import read_toml
from bot.model.core_types import RegistryId

Fields: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ReleaseTarget:
    """One output of a release tool: its registry, the address and the variable with the credential, where it names them."""

    registry: RegistryId
    address: str = ""
    token_env: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReleaseToolConfig:
    """What a configuration says: where it publishes, commands that are run, and what the tool is told not to publish to."""

    path: str
    targets: tuple[ReleaseTarget, ...] = ()
    commands: tuple[str, ...] = ()
    disabled_registries: frozenset[RegistryId] = frozenset()


GITHUB_RELEASES = RegistryId("github-releases")
_NPM = RegistryId("npm")
_IMAGES = RegistryId("docker-hub")
# Sections of a goreleaser configuration and where they publish; images say by their own names.
_GORELEASER_SECTIONS: Mapping[str, str] = {
    **dict.fromkeys(("brews", "homebrew_casks", "casks"), "homebrew"),
    **dict.fromkeys(("scoops", "scoop", "aurs", "aur_sources", "krews", "nix"), "misc"),
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
_SKIP_KEYS = ("skip_upload", "skip_push", "disable", "skip_publish")
_TEMPLATE_VARIABLE = re.compile(r"\{\{-?\s*\.Env\.(\w+)\s*-?\}\}|\{\{\s*(?:index \.Env|envOrDefault)\s+\"(\w+)\"")
_CREDENTIAL_NAME = re.compile(r"TOKEN|KEY|PASS|PAT$|PAT_|SECRET|CRED", re.IGNORECASE)
_GORELEASER_FILES = (
    ".goreleaser.yaml",
    ".goreleaser.yml",
    "goreleaser.yaml",
    "goreleaser.yml",
    ".config/goreleaser.yaml",
)
_MAX_TEXTS = 2_000  # of one section


def goreleaser(files: FileCache) -> ReleaseToolConfig | None:
    """Read `.goreleaser.yaml`; None when it is not at hand or not readable."""
    found = files.read_first(_GORELEASER_FILES)
    root = read_plain_yaml(found[1]) if found else {}
    if found is None or not root:
        return None
    targets = [
        target for section, node in root.items() for each in _entries(node) for target in _outputs(section, each)
    ]
    commands = tuple(str(each["cmd"]) for each in _entries(root.get("publishers")) if each.get("cmd"))
    off = _is_true(_table(root, "release").get("disable"))
    return _config(found[0], targets, commands, {GITHUB_RELEASES} if off else ())


def _outputs(section: str, entry: Fields) -> Iterator[ReleaseTarget]:
    """Yield where an entry of a goreleaser section publishes."""
    if section in _IMAGE_SECTIONS:
        yield from (ReleaseTarget(_IMAGES, image) for image in _images(entry))
    elif section in _GORELEASER_SECTIONS:
        yield ReleaseTarget(RegistryId(_GORELEASER_SECTIONS[section]), "", _token_variables(entry))


def _entries(node: object) -> Iterator[Fields]:
    """Yield a section's entries that are not told to stay unpublished."""
    for entry in node if isinstance(node, list) else [node]:
        if isinstance(entry, dict) and not any(_is_true(entry.get(key)) for key in _SKIP_KEYS):
            yield entry


def _images(entry: Fields) -> Iterator[str]:
    for key in _IMAGE_KEYS:
        each = entry.get(key)
        for text in each if isinstance(each, list) else [each]:
            if isinstance(text, str) and text:
                yield text.replace("{{", "${{")


def _token_variables(entry: Fields) -> tuple[str, ...]:
    """Name the variables that an entry takes its credential from: a text that is nothing else, or that says so by its name."""
    found: dict[str, None] = {}
    for text in _texts(entry):
        for match in _TEMPLATE_VARIABLE.finditer(text):
            name = match[1] or match[2]
            if match[0] == text.strip() or _CREDENTIAL_NAME.search(name):
                found[name] = None
    return tuple(found)


def _texts(node: object) -> list[str]:
    """Give the texts within a part of a file."""
    found: list[str] = []
    waiting = [node]
    while waiting and len(found) < _MAX_TEXTS:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, str):
            found.append(each)
    return found


def _is_true(value: object) -> bool:
    return value is True or (isinstance(value, str) and value.strip().lower() in ("true", "always"))


def _config(
    path: str, targets: Iterable[ReleaseTarget], commands: Iterable[str] = (), disabled: Iterable[RegistryId] = ()
) -> ReleaseToolConfig:
    kept = tuple(each for each in dict.fromkeys(targets) if each.registry not in disabled)
    return ReleaseToolConfig(path, kept, tuple(commands), frozenset(disabled))


_JRELEASER_FILES = ("jreleaser.yml", "jreleaser.yaml", "jreleaser.toml", "jreleaser.json")
_JRELEASER_PACKAGERS: Mapping[str, str] = {
    "brew": "homebrew",
    "docker": "docker-hub",
    "snap": "snap",
    "winget": "winget",
    "chocolatey": "chocolatey",
    **dict.fromkeys(("scoop", "sdkman", "jbang", "macports", "asdf", "flatpak", "gofish", "spec", "appImage"), "misc"),
}
_JRELEASER_DEPLOYERS: Mapping[str, str] = {
    "mavenCentral": "maven-central",
    "nexus2": "maven-central",
    "nexus3": "nexus",
    "github": "github-packages",
    "artifactory": "artifactory",
}


def jreleaser(files: FileCache) -> ReleaseToolConfig | None:
    """Read `jreleaser.yml`, `.toml` or `.json`; None when it is not at hand or not readable."""
    found = files.read_first(_JRELEASER_FILES)
    root = _read_any(*found) if found else {}
    if found is None or not root:
        return None
    targets = [*_deployers(root), *_packagers(root)]
    maven = RegistryId("maven-central")
    disabled = set() if any(each.registry == maven for each in targets) else {maven}
    release = _table(root, "release", "github")
    if _is_true(release.get("skipRelease")) or release.get("enabled") is False:
        disabled.add(GITHUB_RELEASES)
    return _config(found[0], targets, (), disabled)


def _deployers(root: Fields) -> Iterator[ReleaseTarget]:
    for kind, each in _table(root, "deploy", "maven").items():
        active = isinstance(each, dict) and any(map(_is_active, each.values()))
        if active and kind in _JRELEASER_DEPLOYERS:
            yield ReleaseTarget(RegistryId(_JRELEASER_DEPLOYERS[kind]))


def _packagers(root: Fields) -> Iterator[ReleaseTarget]:
    tables = [_table(root, "packagers"), *_table(root, "distributions").values()]
    for kind, each in (pair for table in tables if isinstance(table, dict) for pair in table.items()):
        if kind in _JRELEASER_PACKAGERS and _is_active(each):
            yield ReleaseTarget(RegistryId(_JRELEASER_PACKAGERS[kind]))


def _is_active(entry: object) -> bool:
    return isinstance(entry, dict) and str(entry.get("active", "NEVER")).upper() != "NEVER"


def _read_any(path: str, text: str) -> Fields:
    """Read YAML, TOML or JSON, by the file's ending; a file without one is YAML, of which JSON is a part."""
    if path.endswith(".toml"):
        return read_toml(text)
    return read_package_json(text) if path.endswith((".json", ".json5")) else read_plain_yaml(text)


def _table(root: Fields, *keys: str) -> Fields:
    found: Any = root
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


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
    *(f".releaserc{ending}" for ending in ("", ".json", ".yaml", ".yml", ".js", ".cjs", ".mjs")),
    *(f"release.config{ending}" for ending in (".js", ".cjs", ".mjs", ".ts")),
)
_QUOTED = re.compile(r"""["']((?:@[\w.-]{1,60}/)?[\w.-]{1,60})["']""")
_COMMAND = re.compile(r"""["']?(?:publishCmd|successCmd)["']?\s*:\s*["'`]([^"'`]{1,2000})["'`]""")


def semantic_release(files: FileCache) -> ReleaseToolConfig | None:
    """Read semantic-release's plugins; None when no configuration is at hand (then it uses its own default)."""
    found = files.read_first(_SEMANTIC_RELEASE_FILES)
    if found is None:
        release = read_package_json(files.read("package.json") or "").get("release")
        if not isinstance(release, dict):
            return None
        found = "package.json", json.dumps(release)
    path, text = found
    if "plugins" not in text:
        return None
    words = _QUOTED.findall(text) if not path.endswith((".yaml", ".yml")) else re.findall(r"[@\w./-]+", text)
    named = [RegistryId(_SEMANTIC_RELEASE_PLUGINS[word]) for word in words if word in _SEMANTIC_RELEASE_PLUGINS]
    disabled = {each for each in (_NPM, GITHUB_RELEASES) if each not in named}
    if re.search(r"""npmPublish["']?\s*:\s*false""", text):
        disabled.add(_NPM)
    return _config(path, map(ReleaseTarget, named), _COMMAND.findall(text), disabled)


def release_plz(files: FileCache) -> ReleaseToolConfig | None:
    """Read release-plz.toml; None when it is not at hand."""
    found = files.read_first(("release-plz.toml", ".release-plz.toml"))
    if found is None:
        return None
    workspace = _table(read_toml(found[1]), "workspace")
    keys = {"publish": RegistryId("crates.io"), "git_release_enable": GITHUB_RELEASES}
    return _config(found[0], (), (), {registry for key, registry in keys.items() if workspace.get(key) is False})


def knope(files: FileCache) -> ReleaseToolConfig | None:
    """Read the commands of knope.toml's workflows, and whether it makes GitHub releases."""
    text = files.read("knope.toml")
    root = read_toml(text or "")
    workflows = root.get("workflows")
    steps = (
        [step for each in workflows if isinstance(each, dict) for step in each.get("steps", ())]
        if isinstance(workflows, list)
        else []
    )
    if text is None or not steps:
        return None
    commands = [str(step["command"]) for step in steps if isinstance(step, dict) and step.get("command")]
    return _config("knope.toml", (), commands, () if "github" in root else {GITHUB_RELEASES})


def covector(files: FileCache) -> ReleaseToolConfig | None:
    """Read the publish commands of covector's package managers."""
    text = files.read(".changes/config.json")
    managers = _table(read_package_json(text or ""), "pkgManagers")
    found = [each.get("publish") for each in managers.values() if isinstance(each, dict)]
    lines = [line for each in found for line in (each if isinstance(each, list) else [each])]
    commands = [str(line.get("command", "")) if isinstance(line, dict) else str(line) for line in lines if line]
    return _config(".changes/config.json", (), commands) if commands else None


_RELEASE_IT_FILES = (".release-it.json", ".release-it.yaml", ".release-it.yml", ".release-it.toml")


def release_it(files: FileCache) -> ReleaseToolConfig | None:
    """Read what release-it publishes to: npm unless told not to, GitHub only when told to."""
    found = files.read_first(_RELEASE_IT_FILES)
    root = _read_any(*found) if found else _table(read_package_json(files.read("package.json") or ""), "release-it")
    if not root:
        return None
    commands = _texts(_table(root, "hooks"))
    npm = root.get("npm")
    off = npm is False or _table(root, "npm").get("publish") is False
    makes = _is_true(_table(root, "github").get("release"))
    targets = [ReleaseTarget(GITHUB_RELEASES)] if makes else []
    disabled = [each for each, is_off in ((_NPM, off), (GITHUB_RELEASES, not makes)) if is_off]
    return _config(found[0] if found else "package.json", targets, commands, disabled)


def lerna(files: FileCache) -> ReleaseToolConfig | None:
    """Read whether lerna makes GitHub releases."""
    root = read_package_json(files.read("lerna.json") or "")
    makes = any(_table(root, "command", each).get("createRelease") == "github" for each in ("version", "publish"))
    return _config("lerna.json", [ReleaseTarget(GITHUB_RELEASES)] if makes else ()) if root else None


def nx_release(files: FileCache) -> ReleaseToolConfig | None:
    """Read whether nx makes GitHub releases."""
    root = read_package_json(files.read("nx.json") or "")
    changelog = _table(root, "release", "changelog")
    parts = [each for each in changelog.values() if isinstance(each, dict)]
    makes = any(each.get("createRelease") == "github" for each in parts)
    return _config("nx.json", [ReleaseTarget(GITHUB_RELEASES)] if makes else ()) if root else None


_AUTO_PLUGINS: Mapping[str, str] = {
    "npm": "npm",
    "gem": "rubygems",
    "crates": "crates.io",
    "maven": "maven-central",
    "cocoapods": "cocoapods",
    "chrome": "chrome-web-store",
    "vscode": "vscode-marketplace",
    "docker": "docker-hub",
    "brew": "homebrew",
}


def auto(files: FileCache) -> ReleaseToolConfig | None:
    """Read the plugins of auto: npm is its default when none are named."""
    found = files.read_first((".autorc", ".autorc.json", ".autorc.yaml", ".autorc.yml"))
    root = _read_any(*found) if found else _table(read_package_json(files.read("package.json") or ""), "auto")
    plugins = root.get("plugins")
    if not isinstance(plugins, list):
        return None
    names = [str(each[0] if isinstance(each, list) and each else each) for each in plugins]
    named = [RegistryId(_AUTO_PLUGINS[name]) for name in names if name in _AUTO_PLUGINS]
    return _config(
        found[0] if found else "package.json", map(ReleaseTarget, named), (), () if _NPM in named else {_NPM}
    )


# The tools by the word that names them in commands and actions.
_READERS_BY_PART: Mapping[str, Callable[[FileCache], ReleaseToolConfig | None]] = {
    "goreleaser": goreleaser,
    "jreleaser": jreleaser,
    "semantic-release": semantic_release,
    "release-plz": release_plz,
    "covector": covector,
    "release-it": release_it,
}
_READERS_BY_NAME: Mapping[str, Callable[[FileCache], ReleaseToolConfig | None]] = {
    "knope": knope,
    "lerna": lerna,
    "nx": nx_release,
    "auto": auto,
}


def release_config(name: str, files: FileCache) -> ReleaseToolConfig | None:
    """Give what the configuration of a tool or action of this name says; None when there is none to read."""
    if "python-semantic-release" in name:
        return None
    reader = _READERS_BY_NAME.get(name) or next((read for tool, read in _READERS_BY_PART.items() if tool in name), None)
    return reader(files) if reader else None
