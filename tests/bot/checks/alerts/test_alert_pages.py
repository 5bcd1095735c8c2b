"""Every example on every alert's page is true, and every page says what it owes."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from bot.checks import alerts
from bot.checks.alerts import CHANGE_ALERTS, ChangeAlert
from bot.checks.gate import GATE_CONDITIONS
from bot.checks.rules import RULES
from bot.evaluation.change_report import AlertResult, evaluate_change
from bot.model.core_types import Outcome
from bot.policy import TargetRepository, policy_in_force
from bot.policy.read_policy import read_policy
from tests.bot.checks.alerts.change_blocks import CATALOG, TOOL, read_change
from tests.repository.alerts_page import ALERTS_PAGE, alerts_page
from tests.repository.page_examples import DocumentationPage, PageExample, read_page
from tests.repository.rules_page import options_section

FOLDER = Path(alerts.__file__).parent
ROOMS = {"__init__", "change_alert", "network_destinations", "new_findings", "secret_flow"}
FOR_ALL = ("severity", "mode", "open_issue")


def page_of(signal: type[ChangeAlert]) -> DocumentationPage:
    return read_page(FOLDER / f"{signal.name.replace('-', '_')}.md")


EXAMPLES = [
    pytest.param(signal, example, id=f"{signal.name}: {example.title}")
    for signal in CHANGE_ALERTS
    for example in page_of(signal).examples
]


def result_of(signal: type[ChangeAlert], example: PageExample) -> AlertResult:
    file = read_policy(example.policy.encode(), CATALOG.registries) if example.policy else None
    policy = policy_in_force(file, target=TargetRepository(TOOL))
    change = read_change(example.settings or "", example.before, example.files)
    return next(each for each in evaluate_change(change, policy) if each.check.name == signal.name)


@pytest.mark.parametrize(("alert", "example"), EXAMPLES)
def test_an_example_is_true_to_the_word(alert: type[ChangeAlert], example: PageExample) -> None:
    result = result_of(alert, example)
    said = [f"{finding.location} {finding.message}" for finding in result.findings]
    said += [f"unknown: {unseen.fact}: {unseen.reason}" for unseen in result.unknown]

    assert result.outcome is not Outcome.ERROR, result.error
    assert example.findings is not None
    assert said == list(example.findings)


@pytest.mark.parametrize("alert", CHANGE_ALERTS, ids=lambda signal: str(signal.name))
def test_a_page_has_an_example_that_gives_the_signal_and_a_twin_that_does_not(alert: type[ChangeAlert]) -> None:
    outcomes = {result_of(alert, example).outcome for example in page_of(alert).examples}

    assert outcomes >= {Outcome.FAILED, Outcome.PASSED}


@pytest.mark.parametrize("alert", CHANGE_ALERTS, ids=lambda signal: str(signal.name))
def test_a_page_says_why_what_to_do_and_where_it_stands(alert: type[ChangeAlert]) -> None:
    page = page_of(alert)
    text = (FOLDER / f"{alert.name.replace('-', '_')}.md").read_text()
    opens = "opens an issue at once" if alert().open_issue else "opens no issue"

    assert page.title == alert.title()
    assert f"`{alert.name}` · an alert · {alert().severity} · {opens} · reads " in text
    assert list(page.sections) == ["Why", "What to do", "Options", "Where it stands", "Examples"]
    assert re.search(r"NIST CSF 2\.0: [A-Z]{2}\.[A-Z]{2}-\d\d", page.sections["Where it stands"])
    assert re.search(r"OWASP Non-Human Identities Top 10 \(2025\): NHI\d", page.sections["Where it stands"])
    assert re.search(r"OSPS-[A-Z]{2}-\d\d|SLSA", page.sections["Where it stands"])
    assert page.sections["Options"].strip() == options_section(alert), "run `make rulebook`"
    assert all(field.metadata["means"].endswith(".") for field in fields(alert))


def test_the_folder_is_the_list_and_no_two_laws_share_a_name() -> None:
    names = {str(signal.name) for signal in CHANGE_ALERTS}
    others = {str(rule.name) for rule in RULES} | {str(condition.name) for condition in GATE_CONDITIONS}

    assert {path.stem for path in FOLDER.glob("*.py")} - ROOMS == {name.replace("-", "_") for name in names}
    assert {path.stem for path in FOLDER.glob("*.md")} == {name.replace("-", "_") for name in names}
    assert len(names) == len(CHANGE_ALERTS)
    assert not names & others


def test_the_book_is_made_from_the_signals() -> None:
    assert ALERTS_PAGE.read_text() == alerts_page(), "run `make rulebook`"


def test_the_policy_that_the_book_shows_is_valid() -> None:
    shown = alerts_page().partition("```yaml\n")[2].partition("```")[0]
    file = read_policy(f"version: 1\n{shown}".encode(), CATALOG.registries)

    assert file.checks.keys() == {"secret-sent-away", "direct-workflow-edit", "moved-tag", "new-identity-token"}


def test_the_docs_name_every_change_alert() -> None:
    page = (ALERTS_PAGE.parent / "alerts.md").read_text()

    assert all(f"[`{signal.name}`](change-alerts.md#{signal.name})" in page for signal in CHANGE_ALERTS)
