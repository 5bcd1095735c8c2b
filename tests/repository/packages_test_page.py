"""docs/packages.md tells of every registry that is read, by its name, and of the limits that are in force."""

import re
from pathlib import Path

from bot.packages.clients import READERS
from bot.packages.http_client import LARGEST
from bot.packages.manifests.files import DEEPEST, MOST
from bot.packages.package_reader import MOST_VERSIONS, OWNERS_EVERY
from tests.bot.packages.clients.registry_scenario import CATALOGUE

PAGE = (Path(__file__).parents[2] / "docs" / "packages.md").read_text()
WORDS = " ".join(PAGE.split())


def test_every_registry_has_its_row() -> None:
    rows = re.findall(r"^\| (?!registry \|)([^|]+?) \|", PAGE, re.MULTILINE)
    names = [CATALOGUE.registries[each].name for each in READERS if each != "testpypi"]

    assert [row.replace("PyPI, TestPyPI", "PyPI") for row in rows] == names


def test_limits_are_those_in_force() -> None:
    assert f"A package has {MOST_VERSIONS:,} versions" in PAGE
    assert f"more than {LARGEST // 1024**2} MiB" in PAGE
    assert f"most {MOST} manifests" in WORDS
    assert (DEEPEST, OWNERS_EVERY.total_seconds() / 3600) == (6, 6)
    assert "down to six folders" in PAGE
    assert "every six hours otherwise" in WORDS
