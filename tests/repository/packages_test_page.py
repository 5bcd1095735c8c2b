"""docs/packages.md tells of every registry that is read, by its name, and of the limits that are in force."""

import re
from pathlib import Path

from bot.packages.clients import REGISTRY_CLIENTS
from bot.packages.http_client import MAX_RESPONSE_BYTES
from bot.packages.manifests.files import MAX_FOLDER_DEPTH, MAX_MANIFESTS
from bot.packages.package_reader import MAX_VERSIONS, OWNERS_INTERVAL
from tests.bot.packages.clients.registry_scenario import CATALOG

PACKAGES_PAGE = (Path(__file__).parents[2] / "docs" / "packages.md").read_text()
PACKAGES_PAGE_WORDS = " ".join(PACKAGES_PAGE.split())


def test_every_registry_has_its_row() -> None:
    rows = re.findall(r"^\| (?!registry \|)([^|]+?) \|", PACKAGES_PAGE, re.MULTILINE)
    names = [CATALOG.registries[each].name for each in REGISTRY_CLIENTS if each != "testpypi"]

    assert [row.replace("PyPI, TestPyPI", "PyPI") for row in rows] == names


def test_limits_are_those_in_force() -> None:
    assert f"A package has {MAX_VERSIONS:,} versions" in PACKAGES_PAGE
    assert f"more than {MAX_RESPONSE_BYTES // 1024**2} MiB" in PACKAGES_PAGE
    assert f"most {MAX_MANIFESTS} manifests" in PACKAGES_PAGE_WORDS
    assert (MAX_FOLDER_DEPTH, OWNERS_INTERVAL.total_seconds() / 3600) == (6, 6)
    assert "down to six folders" in PACKAGES_PAGE
    assert "every six hours otherwise" in PACKAGES_PAGE_WORDS
