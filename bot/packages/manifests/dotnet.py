"""*.csproj and *.nuspec: packages of NuGet."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from bot.model.errors import UnreadableError
from bot.packages.manifests.manifest_readers import Told
from bot.registries import Catalogue
from bot.xml import Element, read_xml

_ID = re.compile(r"\w+(?:[.-]\w+)*")  # github.com/NuGet/NuGet.Client, PackageIdValidator
_PACKED = ("IsPackable", "GeneratePackageOnBuild", "PackAsTool")


def project(path: str, text: str, _: Catalogue) -> Iterator[Told]:
    """Tell the package of a project that says it is one; whether one that says nothing is packed, others decide."""
    root = read_xml(text.encode())
    said = {name: _property(root, name) for name in (*_PACKED, "PackageId", "AssemblyName", "IsTestProject")}
    if said["IsPackable"].lower() == "false" or said["IsTestProject"].lower() == "true":
        return
    if not (said["PackageId"] or any(said[name].lower() == "true" for name in _PACKED)):
        raise UnreadableError("it does not say whether it is packed")
    name = said["PackageId"] or said["AssemblyName"] or PurePosixPath(path).stem
    yield _told(name.replace("$(MSBuildProjectName)", PurePosixPath(path).stem))


def nuspec(_: str, text: str, __: Catalogue) -> Iterator[Told]:
    """Tell the package of a .nuspec."""
    yield _told(read_xml(text.encode()).first("metadata", "id"))


def _property(root: Element, name: str) -> str:
    found = [group.first(name) for group in root.all("PropertyGroup")]
    return next((each for each in found if each), "")


def _told(name: str) -> Told:
    if not _ID.fullmatch(name):
        raise UnreadableError("it takes the name of its package from elsewhere")
    return Told("nuget", name)
