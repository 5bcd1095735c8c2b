"""pom.xml and Gradle's build files: artifacts of Maven Central."""

import re
from collections.abc import Iterator

from bot.model.errors import UnreadableError
from bot.packages.manifests.manifest_readers import Told
from bot.registries import Catalogue
from bot.xml import Element, read_xml

_PART = re.compile(r"[A-Za-z0-9_.-]+")
_TEXT = r"""(?:\s{0,9}=|\(|\.set\(|\s)\s{0,9}["']([^"'$\n]{1,200})["']"""
_GROUP = re.compile(r"\b(?:groupId|group)" + _TEXT)
_ARTIFACT = re.compile(r"\bartifactId" + _TEXT)
_COORDINATES = re.compile(
    r"""\bcoordinates\s*\(\s*(?:groupId\s*=\s*)?["']([^"'$\n]+)["']\s*,\s*(?:artifactId\s*=\s*)?["']([^"'$\n]+)["']"""
)


def pom(_: str, text: str, __: Catalogue) -> Iterator[Told]:
    """Tell the artifact of a pom.xml; its group may be its parent's."""
    project = read_xml(text.encode())
    if project.name != "project" or _skips(project):
        return
    group, artifact = project.first("groupId") or project.first("parent", "groupId"), project.first("artifactId")
    if "${" in group + artifact:
        raise UnreadableError("it takes the name of its artifact from elsewhere")
    if not _PART.fullmatch(group) or not _PART.fullmatch(artifact):
        raise UnreadableError("it names no artifact with a group")
    yield Told("maven-central", f"{group}:{artifact}")


def _skips(project: Element) -> bool:
    return any(project.first("properties", name) == "true" for name in ("maven.deploy.skip", "skipPublishing"))


def gradle(_: str, text: str, __: Catalogue) -> Iterator[Told]:
    """Tell the artifact of a build file that names it plainly; what Gradle computes cannot be told."""
    if "publish" not in text.lower():
        return
    found = _COORDINATES.search(text)
    group, artifact = _GROUP.search(text), _ARTIFACT.search(text)
    names = found.groups() if found else (group[1], artifact[1]) if group and artifact else ()
    if not names or not all(_PART.fullmatch(name) for name in names):
        raise UnreadableError("it computes the name of its artifact")
    yield Told("maven-central", ":".join(names))
