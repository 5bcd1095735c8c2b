"""Reads package names and versions from Python, Rust, Ruby, Go, Dart, Elixir, JVM and .NET manifests."""

import configparser
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TypeAlias

from bot.model.errors import UnreadableError
from bot.registries import Catalog
from bot.xml import XmlElement, read_xml

MAX_VERSION_LENGTH = 100  # characters of a version
# As semantic-release, release-please and setuptools-scm want it or leave it: 0.0.0, 0.0.0-development, 0.0.0.dev0.
_PLACEHOLDER_VERSION = re.compile(r"0(?:\.0)+(?:[-.+]?[A-Za-z][\w.+-]*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ManifestPackage:
    """The name of a package, and the registry that a tool sends it to when nothing else is said."""

    registry: str
    name: str
    version: str | None = None  # the version that it says; None: it says none, or something else computes it


# Reads one manifest by its path; raises UnreadableError where it names a package that cannot be told.
ManifestReader: TypeAlias = Callable[[str, str, Catalog], Iterator[ManifestPackage]]


def literal_version(value: object) -> str | None:
    """Return a version where one is given as a plain text; none where it only holds the place of one that a tool computes."""
    plain = isinstance(value, str) and 0 < len(value) <= MAX_VERSION_LENGTH and value.isprintable()
    return value if isinstance(value, str) and plain and not _PLACEHOLDER_VERSION.fullmatch(value) else None


def as_object(value: object) -> Mapping[str, object]:
    """Return an object, an empty one where there is none."""
    return value if isinstance(value, dict) else {}


_PYPI_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_SETUP_NAME = re.compile(r"\bsetup\s*\((?:.{0,1000}?[,(\s])?name\s*=\s*([\"'])([A-Za-z0-9._-]{1,100})\1", re.DOTALL)
MAX_SETUP_LENGTH = 32_768  # characters of a setup.py that are looked into
_PRIVATE_CLASSIFIER = (
    "Private ::"  # a classifier that begins so is refused by PyPI: packaging.python.org, "classifiers"
)


def pyproject(_: str, text: str, __: Catalog) -> Iterator[ManifestPackage]:
    """Tell the project of a pyproject.toml, as the standard or a tool of its own writes it."""
    root = parse_toml(text)
    project, tools = as_object(root.get("project")), as_object(root.get("tool"))
    poetry, flit = as_object(tools.get("poetry")), as_object(as_object(tools.get("flit")).get("metadata"))
    name = project.get("name") or poetry.get("name") or flit.get("dist-name") or flit.get("module")
    classifiers = (project.get("classifiers"), poetry.get("classifiers"), flit.get("classifiers"))
    listed_classifiers = [each for listed in classifiers if isinstance(listed, list) for each in listed]
    if poetry.get("package-mode") is False or any(
        str(each).startswith(_PRIVATE_CLASSIFIER) for each in listed_classifiers
    ):
        return
    if isinstance(name, str):
        yield _pypi_project(name, literal_version(project.get("version") or poetry.get("version")))


def setup_cfg(_: str, text: str, __: Catalog) -> Iterator[ManifestPackage]:
    """Tell the project of a setup.cfg."""
    parser = configparser.ConfigParser(interpolation=None, strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except configparser.Error:
        raise UnreadableError("it is no file of settings") from None
    name = parser.get("metadata", "name", fallback=None)
    if name and _PRIVATE_CLASSIFIER not in (parser.get("metadata", "classifiers", fallback="") or ""):
        number = literal_version(parser.get("metadata", "version", fallback=None))
        yield _pypi_project(name, None if number and number.startswith(("attr:", "file:")) else number)


def setup_py(_: str, text: str, __: Catalog) -> Iterator[ManifestPackage]:
    """Tell the project of a setup.py that gives its name as a plain text; one that computes it cannot be told."""
    if "setup(" not in text or _PRIVATE_CLASSIFIER in text:
        return
    found = _SETUP_NAME.search(text[:MAX_SETUP_LENGTH])
    if found is not None:
        yield _pypi_project(found[2])
    elif re.search(r"\bname\s*=", text):
        raise UnreadableError("it computes the name of its project")


def parse_toml(text: str) -> Mapping[str, object]:
    """Return what a TOML file holds; raises UnreadableError when it is none."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableError("it is not TOML") from None


def _pypi_project(name: str, version: str | None = None) -> ManifestPackage:
    if not _PYPI_NAME.fullmatch(name):
        raise UnreadableError(f"{name[:100]} is no name for a project of PyPI")
    return ManifestPackage("pypi", name, version)


_CRATE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_GEM = re.compile(r"\.name\s*=\s*([\"'])([A-Za-z0-9._-]+)\1")
_GEM_HOST = re.compile(r"allowed_push_host[\"']?\s{0,9}\]?\s{0,9}=>?\s{0,9}[\"']([^\"'\s]+)[\"']")
_GEM_VERSION = re.compile(r"\.version\s{0,9}=\s{0,9}([\"'])([0-9A-Za-z.-]{1,50})\1")
_DART_VERSION = re.compile(r"^version:[ \t]*[\"']?([0-9][0-9A-Za-z.+-]{0,50})", re.MULTILINE)
_MODULE = re.compile(r"^module[ \t]+\"?([A-Za-z0-9._~/!-]+)\"?", re.MULTILINE)
_DART = re.compile(r"^name:[ \t]*[\"']?([a-z_][a-z0-9_]*)[\"']?[ \t]*(?:#.*)?$", re.MULTILINE)
_DART_PUBLISH_TO = re.compile(r"^publish_to:[ \t]*[\"']?([^\"'\s#]+)", re.MULTILINE)
_MIX = re.compile(r"\bapp:\s*:([a-z][a-z0-9_]*)")
_MIX_NAME = re.compile(r"\bdefp?\s+package\b.{0,2000}?\bname:\s*\"([a-z][a-z0-9_]*)\"", re.DOTALL)


def cargo_toml(_: str, text: str, __: Catalog) -> Iterator[ManifestPackage]:
    """Tell the crate of a Cargo.toml; `publish` may forbid it, or name other registries."""
    package = as_object(parse_toml(text).get("package"))
    allowed = package.get("publish")
    if not package or allowed is False or (isinstance(allowed, list) and "crates-io" not in allowed):
        return
    name = package.get("name")
    if not isinstance(name, str) or not _CRATE.fullmatch(name):
        raise UnreadableError("it names no crate")
    yield ManifestPackage("crates.io", name, literal_version(package.get("version")))


def gemspec(_: str, text: str, catalog: Catalog) -> Iterator[ManifestPackage]:
    """Tell the gem of a gemspec that gives its name as a plain text."""
    host = _GEM_HOST.search(text)
    if host is not None and (found := catalog.registry_at(host[1])) is not None and found.id != "rubygems":
        return
    name = _GEM.search(text)
    if name is None:
        raise UnreadableError("it computes the name of its gem")
    number = _GEM_VERSION.search(text)
    yield ManifestPackage("rubygems", name[2], number[2] if number else None)


def go_mod(_: str, text: str, __: Catalog) -> Iterator[ManifestPackage]:
    """Tell the module of a go.mod; a name without a dot in its first part is nobody else's to fetch."""
    name = _MODULE.search(text)
    if name is not None and "." in name[1].partition("/")[0]:
        yield ManifestPackage("golang", name[1])


def pubspec_yaml(_: str, text: str, catalog: Catalog) -> Iterator[ManifestPackage]:
    """Tell the package of a pubspec.yaml; `publish_to` may forbid it, or name another registry."""
    home = _DART_PUBLISH_TO.search(text)
    if home is not None and home[1] != "none":
        found = catalog.registry_at(home[1])
        if found is None or found.id != "pub":
            return
    name = _DART.search(text)
    if name is not None and (home is None or home[1] != "none"):
        number = _DART_VERSION.search(text)
        yield ManifestPackage("pub", name[1], number[1] if number else None)


def mix_exs(_: str, text: str, __: Catalog) -> Iterator[ManifestPackage]:
    """Tell the package of a mix.exs that has a `package`; its name is the application's where it gives no other."""
    if not re.search(r"\bpackage\b", text):
        return
    name = _MIX_NAME.search(text[:100_000]) or _MIX.search(text)
    if name is None:
        raise UnreadableError("it computes the name of its package")
    yield ManifestPackage("hex", name[1])


_COORDINATE = re.compile(r"[A-Za-z0-9_.-]+")
_QUOTED_VALUE = r"""(?:\s{0,9}=|\(|\.set\(|\s)\s{0,9}["']([^"'$\n]{1,200})["']"""
_GROUP = re.compile(r"\b(?:groupId|group)" + _QUOTED_VALUE)
_ARTIFACT = re.compile(r"\bartifactId" + _QUOTED_VALUE)
_COORDINATES = re.compile(
    r"""\bcoordinates\s*\(\s*(?:groupId\s*=\s*)?["']([^"'$\n]+)["']\s*,\s*(?:artifactId\s*=\s*)?["']([^"'$\n]+)["']"""
)


def pom_xml(_: str, text: str, __: Catalog) -> Iterator[ManifestPackage]:
    """Tell the artifact of a pom.xml; its group may be its parent's."""
    project = read_xml(text.encode())
    if project.name != "project" or _skips_deploy(project):
        return
    group, artifact = project.text_at("groupId") or project.text_at("parent", "groupId"), project.text_at("artifactId")
    if "${" in group + artifact:
        raise UnreadableError("it takes the name of its artifact from elsewhere")
    if not _COORDINATE.fullmatch(group) or not _COORDINATE.fullmatch(artifact):
        raise UnreadableError("it names no artifact with a group")
    yield ManifestPackage("maven-central", f"{group}:{artifact}")


def _skips_deploy(project: XmlElement) -> bool:
    return any(project.text_at("properties", name) == "true" for name in ("maven.deploy.skip", "skipPublishing"))


def gradle_build(_: str, text: str, __: Catalog) -> Iterator[ManifestPackage]:
    """Tell the artifact of a build file that names it plainly; what Gradle computes cannot be told."""
    if "publish" not in text.lower():
        return
    found = _COORDINATES.search(text)
    group, artifact = _GROUP.search(text), _ARTIFACT.search(text)
    names = found.groups() if found else (group[1], artifact[1]) if group and artifact else ()
    if not names or not all(_COORDINATE.fullmatch(name) for name in names):
        raise UnreadableError("it computes the name of its artifact")
    yield ManifestPackage("maven-central", ":".join(names))


_NUGET_ID = re.compile(r"\w+(?:[.-]\w+)*")  # github.com/NuGet/NuGet.Client, PackageIdValidator
_PACK_PROPERTIES = ("IsPackable", "GeneratePackageOnBuild", "PackAsTool")


def project_file(path: str, text: str, _: Catalog) -> Iterator[ManifestPackage]:
    """Tell the package of a project that says it is one; whether one that says nothing is packed, others decide."""
    root = read_xml(text.encode())
    properties = {
        name: _property(root, name) for name in (*_PACK_PROPERTIES, "PackageId", "AssemblyName", "IsTestProject")
    }
    if properties["IsPackable"].lower() == "false" or properties["IsTestProject"].lower() == "true":
        return
    if not (properties["PackageId"] or any(properties[name].lower() == "true" for name in _PACK_PROPERTIES)):
        raise UnreadableError("it does not say whether it is packed")
    name = properties["PackageId"] or properties["AssemblyName"] or PurePosixPath(path).stem
    yield _nuget_package(name.replace("$(MSBuildProjectName)", PurePosixPath(path).stem))


def nuspec_file(_: str, text: str, __: Catalog) -> Iterator[ManifestPackage]:
    """Tell the package of a .nuspec."""
    yield _nuget_package(read_xml(text.encode()).text_at("metadata", "id"))


def _property(root: XmlElement, name: str) -> str:
    found = [group.text_at(name) for group in root.children_named("PropertyGroup")]
    return next((each for each in found if each), "")


def _nuget_package(name: str) -> ManifestPackage:
    if not _NUGET_ID.fullmatch(name):
        raise UnreadableError("it takes the name of its package from elsewhere")
    return ManifestPackage("nuget", name)
