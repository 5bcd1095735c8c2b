"""pyproject.toml, setup.cfg and setup.py: projects of PyPI."""

import configparser
import re
import tomllib
from collections.abc import Iterator, Mapping

from bot.model.errors import UnreadableError
from bot.packages.manifests.manifest_readers import Told, number_in, record
from bot.registries import Catalogue

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_SETUP = re.compile(r"\bsetup\s*\((?:.{0,1000}?[,(\s])?name\s*=\s*([\"'])([A-Za-z0-9._-]{1,100})\1", re.DOTALL)
MOST_SETUP = 32_768  # characters of a setup.py that are looked into
_PRIVATE = "Private ::"  # a classifier that begins so is refused by PyPI: packaging.python.org, "classifiers"


def pyproject(_: str, text: str, __: Catalogue) -> Iterator[Told]:
    """Tell the project of a pyproject.toml, as the standard or a tool of its own writes it."""
    root = toml(text)
    project, tools = record(root.get("project")), record(root.get("tool"))
    poetry, flit = record(tools.get("poetry")), record(record(tools.get("flit")).get("metadata"))
    named = project.get("name") or poetry.get("name") or flit.get("dist-name") or flit.get("module")
    classifiers = (project.get("classifiers"), poetry.get("classifiers"), flit.get("classifiers"))
    said = [each for listed in classifiers if isinstance(listed, list) for each in listed]
    if poetry.get("package-mode") is False or any(str(each).startswith(_PRIVATE) for each in said):
        return
    if isinstance(named, str):
        yield _told(named, number_in(project.get("version") or poetry.get("version")))


def setup_cfg(_: str, text: str, __: Catalogue) -> Iterator[Told]:
    """Tell the project of a setup.cfg."""
    parser = configparser.ConfigParser(interpolation=None, strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except configparser.Error:
        raise UnreadableError("it is no file of settings") from None
    named = parser.get("metadata", "name", fallback=None)
    if named and _PRIVATE not in (parser.get("metadata", "classifiers", fallback="") or ""):
        number = number_in(parser.get("metadata", "version", fallback=None))
        yield _told(named, None if number and number.startswith(("attr:", "file:")) else number)


def setup_py(_: str, text: str, __: Catalogue) -> Iterator[Told]:
    """Tell the project of a setup.py that gives its name as a plain text; one that computes it cannot be told."""
    if "setup(" not in text or _PRIVATE in text:
        return
    found = _SETUP.search(text[:MOST_SETUP])
    if found is not None:
        yield _told(found[2])
    elif re.search(r"\bname\s*=", text):
        raise UnreadableError("it computes the name of its project")


def toml(text: str) -> Mapping[str, object]:
    """Return what a TOML file holds; raises UnreadableError when it is none."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableError("it is not TOML") from None


def _told(name: str, number: str | None = None) -> Told:
    if not _NAME.fullmatch(name):
        raise UnreadableError(f"{name[:100]} is no name for a project of PyPI")
    return Told("pypi", name, number)
