"""pyproject.toml, setup.cfg and setup.py: projects of PyPI."""

import configparser
import re
import tomllib
from collections.abc import Iterator, Mapping

from bot.model.errors import UnreadableError
from bot.packages.manifests.manifest_readers import ManifestPackage, as_object, literal_version
from bot.registries import Catalog

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
    named = project.get("name") or poetry.get("name") or flit.get("dist-name") or flit.get("module")
    classifiers = (project.get("classifiers"), poetry.get("classifiers"), flit.get("classifiers"))
    said = [each for listed in classifiers if isinstance(listed, list) for each in listed]
    if poetry.get("package-mode") is False or any(str(each).startswith(_PRIVATE_CLASSIFIER) for each in said):
        return
    if isinstance(named, str):
        yield _pypi_project(named, literal_version(project.get("version") or poetry.get("version")))


def setup_cfg(_: str, text: str, __: Catalog) -> Iterator[ManifestPackage]:
    """Tell the project of a setup.cfg."""
    parser = configparser.ConfigParser(interpolation=None, strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except configparser.Error:
        raise UnreadableError("it is no file of settings") from None
    named = parser.get("metadata", "name", fallback=None)
    if named and _PRIVATE_CLASSIFIER not in (parser.get("metadata", "classifiers", fallback="") or ""):
        number = literal_version(parser.get("metadata", "version", fallback=None))
        yield _pypi_project(named, None if number and number.startswith(("attr:", "file:")) else number)


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
