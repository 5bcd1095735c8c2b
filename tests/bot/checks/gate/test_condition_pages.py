"""Every example on every condition's page is true, and every page says what it owes."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from bot.checks import gate
from bot.checks.gate import GATE_CONDITIONS, GateCondition, SettledProtection
from bot.checks.rules import RULES
from bot.evaluation.gate_decision import ConditionResult, decide_deployment
from bot.model.core_types import FullName, Outcome
from bot.policy import TargetRepository, policy_in_force
from bot.policy.read_policy import read_policy
from bot.registries import load_catalog
from tests.bot.checks.gate.deployment_blocks import read_pending_deployment
from tests.repository.page_examples import DocumentationPage, PageExample, read_page
from tests.repository.rules_page import options_section

FOLDER = Path(gate.__file__).parent
REGISTRIES = load_catalog().registries
ROOMS = {"__init__", "condition"}


def page_of(condition: type[GateCondition]) -> DocumentationPage:
    return read_page(FOLDER / f"{condition.name.replace('-', '_')}.md")


EXAMPLES = [
    pytest.param(condition, example, id=f"{condition.name}: {example.title}")
    for condition in GATE_CONDITIONS
    for example in page_of(condition).examples
]


def result_of(condition: type[GateCondition], example: PageExample) -> ConditionResult:
    file = read_policy(example.policy.encode(), REGISTRIES) if example.policy else None
    policy = policy_in_force(file, target=TargetRepository(FullName("acme/tool")))
    decision = decide_deployment(read_pending_deployment(example.settings or ""), policy)
    return next(each for each in decision.results if each.check.name == condition.name)


@pytest.mark.parametrize(("condition", "example"), EXAMPLES)
def test_an_example_is_true_to_the_word(condition: type[GateCondition], example: PageExample) -> None:
    result = result_of(condition, example)
    said = [finding.message for finding in result.findings]
    said += [f"unknown: {unseen.fact}: {unseen.reason}" for unseen in result.unknown]

    assert result.outcome is not Outcome.ERROR, result.error
    assert example.findings is not None
    assert said == list(example.findings)
    assert all(finding.fix.endswith(".") for finding in result.findings)


@pytest.mark.parametrize("condition", GATE_CONDITIONS, ids=lambda condition: str(condition.name))
def test_a_page_has_an_example_that_fails_and_one_that_is_clean(condition: type[GateCondition]) -> None:
    outcomes = {result_of(condition, example).outcome for example in page_of(condition).examples}

    holds = (
        Outcome.UNKNOWN if condition is SettledProtection else Outcome.FAILED
    )  # it lets a release wait, and rejects none
    assert holds in outcomes
    assert outcomes & {Outcome.PASSED, Outcome.NOT_APPLICABLE}


@pytest.mark.parametrize("condition", GATE_CONDITIONS, ids=lambda condition: str(condition.name))
def test_a_page_says_why_what_to_do_and_where_it_stands(condition: type[GateCondition]) -> None:
    page = page_of(condition)
    text = (FOLDER / f"{condition.name.replace('-', '_')}.md").read_text()

    assert page.title == condition.title()
    assert f"`{condition.name}` · a condition of the gate" in text
    assert list(page.sections) == ["Why", "What to do", "Options", "Where it stands", "Examples"]
    assert re.search(r"NIST CSF 2\.0: [A-Z]{2}\.[A-Z]{2}-\d\d", page.sections["Where it stands"])
    assert re.search(r"OWASP Non-Human Identities Top 10 \(2025\): NHI\d", page.sections["Where it stands"])
    assert re.search(r"OSPS-[A-Z]{2}-\d\d|SLSA", page.sections["Where it stands"])
    assert page.sections["Options"].strip() == options_section(condition), "run `make rulebook`"
    assert all(field.metadata["means"].endswith(".") for field in fields(condition))


def test_the_folder_is_the_list_and_no_condition_is_called_as_a_rule_is() -> None:
    names = {condition.name for condition in GATE_CONDITIONS}

    assert {path.stem for path in FOLDER.glob("*.py")} - ROOMS == {name.replace("-", "_") for name in names}
    assert {path.stem for path in FOLDER.glob("*.md")} == {name.replace("-", "_") for name in names}
    assert not names & {rule.name for rule in RULES}
