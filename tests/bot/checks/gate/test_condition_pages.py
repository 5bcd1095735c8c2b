"""Every example on every condition's page is true, and every page says what it owes."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from bot.checks import gate
from bot.checks.gate import CONDITIONS, Condition
from bot.checks.rules import RULES
from bot.evaluation.gate_decision import Judged, decide
from bot.model.core_types import FullName, Outcome
from bot.policy import Subject, policy_in_force
from bot.policy.read_policy import read_policy
from bot.registries import load_catalogue
from tests.bot.checks.gate.deployment_blocks import read_waiting
from tests.repository.page_examples import Example, Page, read_page

FOLDER = Path(gate.__file__).parent
REGISTRIES = load_catalogue().registries
ROOMS = {"__init__", "called", "condition", "gate_condition"}


def page_of(condition: type[Condition]) -> Page:
    return read_page(FOLDER / f"{condition.name.replace('-', '_')}.md")


EXAMPLES = [
    pytest.param(condition, example, id=f"{condition.name}: {example.title}")
    for condition in CONDITIONS
    for example in page_of(condition).examples
]


def judged(condition: type[Condition], example: Example) -> Judged:
    file = read_policy(example.policy.encode(), REGISTRIES) if example.policy else None
    policy = policy_in_force(file, subject=Subject(FullName("acme/tool")))
    decision = decide(read_waiting(example.settings or ""), policy)
    return next(each for each in decision.judged if each.condition.name == condition.name)


@pytest.mark.parametrize(("condition", "example"), EXAMPLES)
def test_an_example_is_true_to_the_word(condition: type[Condition], example: Example) -> None:
    result = judged(condition, example)
    said = [finding.message for finding in result.findings]
    said += [f"unseen: {unseen.what}: {unseen.reason}" for unseen in result.unseen]

    assert result.outcome is not Outcome.BROKEN, result.fault
    assert example.findings is not None
    assert said == list(example.findings)
    assert all(finding.fix.endswith(".") for finding in result.findings)


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: str(condition.name))
def test_a_page_has_an_example_that_fails_and_one_that_is_clean(condition: type[Condition]) -> None:
    outcomes = {judged(condition, example).outcome for example in page_of(condition).examples}

    assert Outcome.FAILED in outcomes
    assert outcomes & {Outcome.PASSED, Outcome.NOT_APPLICABLE}


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: str(condition.name))
def test_a_page_says_why_what_to_do_and_where_it_stands(condition: type[Condition]) -> None:
    page = page_of(condition)
    text = (FOLDER / f"{condition.name.replace('-', '_')}.md").read_text()

    assert page.title == condition.title()
    assert f"`{condition.name}` · a condition of the gate" in text
    assert list(page.sections) == ["Why", "What to do", "Options", "Where it stands", "Examples"]
    assert re.search(r"NIST CSF 2\.0: [A-Z]{2}\.[A-Z]{2}-\d\d", page.sections["Where it stands"])
    assert re.search(r"OWASP Non-Human Identities Top 10 \(2025\): NHI\d", page.sections["Where it stands"])
    assert re.search(r"OSPS-[A-Z]{2}-\d\d|SLSA", page.sections["Where it stands"])
    for field in fields(condition):
        assert f"`{field.name}`" in page.sections["Options"]
        assert field.metadata["means"].endswith(".")


def test_the_folder_is_the_list_and_no_condition_is_called_as_a_rule_is() -> None:
    names = {condition.name for condition in CONDITIONS}

    assert {path.stem for path in FOLDER.glob("*.py")} - ROOMS == {name.replace("-", "_") for name in names}
    assert {path.stem for path in FOLDER.glob("*.md")} == {name.replace("-", "_") for name in names}
    assert not names & {rule.name for rule in RULES}
