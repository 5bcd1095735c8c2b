"""pom.xml and Gradle's build files: artifacts of Maven Central."""

import re
from collections.abc import Iterator

from bot.model.errors import UnreadableError
from bot.packages.manifests.manifest_readers import ManifestPackage
from bot.registries import Catalog
from bot.xml import XmlElement, read_xml

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
