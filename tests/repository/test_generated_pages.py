"""docs/rules.md says what the rules and their pages say, and every rule has its family and its place in each framework."""

import re
from pathlib import Path

import pytest

from bot.checks.check import Rule
from bot.checks.gate import GATE_CONDITIONS
from bot.checks.rules import RULES
from bot.packages.clients import REGISTRY_CLIENTS
from bot.packages.http_client import MAX_RESPONSE_BYTES
from bot.packages.manifests.find_packages import MAX_FOLDER_DEPTH, MAX_MANIFESTS
from bot.packages.package_reader import MAX_VERSIONS, OWNERS_INTERVAL
from bot.registries import load_catalog
from tests.bot.packages.clients.registry_scenario import CATALOG
from tests.repository.registries_page import REGISTRIES_PAGE, registries_page
from tests.repository.rules_page import FAMILIES, ROOT, RULES_PAGE, framework_places, rules_page

README = (ROOT / "README.md").read_text()


def test_the_book_is_made_from_the_rules() -> None:
    assert RULES_PAGE.read_text() == rules_page(), "run `make rulebook`"


def test_the_gates_page_names_every_condition_by_its_title() -> None:
    page = (ROOT / "docs" / "gate.md").read_text()

    assert all(
        f"[`{each.name}`](../bot/checks/gate/{each.page().name}) | {each.title()} |" in page for each in GATE_CONDITIONS
    )


def test_every_rule_has_one_family() -> None:
    assert sorted(name for names in FAMILIES.values() for name in names) == sorted(str(rule.name) for rule in RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.name))
def test_a_rule_has_its_place_in_every_framework(rule: type[Rule]) -> None:
    assert all(framework_places(rule).values()), framework_places(rule)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.name))
def test_the_readme_names_every_rule(rule: type[Rule]) -> None:
    assert f"[`{rule.name}`](docs/rules.md#{rule.name})" in README


def test_the_page_is_made_from_the_data() -> None:
    assert REGISTRIES_PAGE.read_text() == registries_page(load_catalog()), "run `make registries`"


def test_the_page_names_every_registry_and_no_address() -> None:
    text = REGISTRIES_PAGE.read_text()

    assert all(f"| `{registry}` |" in text for registry in load_catalog().registries)
    assert "{host:" not in text
    assert "{url:" not in text


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
