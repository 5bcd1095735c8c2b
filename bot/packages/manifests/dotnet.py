"""*.csproj and *.nuspec: packages of NuGet."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from bot.model.errors import UnreadableError
from bot.packages.manifests.manifest_readers import ManifestPackage
from bot.registries import Catalog
from bot.xml import XmlElement, read_xml

_NUGET_ID = re.compile(r"\w+(?:[.-]\w+)*")  # github.com/NuGet/NuGet.Client, PackageIdValidator
_PACK_PROPERTIES = ("IsPackable", "GeneratePackageOnBuild", "PackAsTool")


def project_file(path: str, text: str, _: Catalog) -> Iterator[ManifestPackage]:
    """Tell the package of a project that says it is one; whether one that says nothing is packed, others decide."""
    root = read_xml(text.encode())
    said = {name: _property(root, name) for name in (*_PACK_PROPERTIES, "PackageId", "AssemblyName", "IsTestProject")}
    if said["IsPackable"].lower() == "false" or said["IsTestProject"].lower() == "true":
        return
    if not (said["PackageId"] or any(said[name].lower() == "true" for name in _PACK_PROPERTIES)):
        raise UnreadableError("it does not say whether it is packed")
    name = said["PackageId"] or said["AssemblyName"] or PurePosixPath(path).stem
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
