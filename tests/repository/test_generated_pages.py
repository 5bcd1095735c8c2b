"""docs/rules.md says what the rules and their pages say, and every rule has its family and its place in each framework."""

import pytest

from bot.checks.rule import Rule
from bot.checks.rules import RULES
from tests.repository.rules_page import FAMILIES, ROOT, RULES_PAGE, framework_places, rules_page

README = (ROOT / "README.md").read_text()


def test_the_book_is_made_from_the_rules() -> None:
    assert RULES_PAGE.read_text() == rules_page(), "run `make rulebook`"


def test_every_rule_has_one_family() -> None:
    assert sorted(name for names in FAMILIES.values() for name in names) == sorted(str(rule.name) for rule in RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.name))
def test_a_rule_has_its_place_in_every_framework(rule: type[Rule]) -> None:
    assert all(framework_places(rule).values()), framework_places(rule)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.name))
def test_the_readme_names_every_rule(rule: type[Rule]) -> None:
    assert f"[`{rule.name}`](docs/rules.md#{rule.name})" in README
