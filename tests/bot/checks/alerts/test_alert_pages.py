"""Every example on every signal's page is true, and every page says what it owes."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from bot.checks import alerts
from bot.checks.alerts import SIGNALS, Signal
from bot.checks.gate import CONDITIONS
from bot.checks.rules import RULES
from bot.evaluation.change_report import Noticed, notice
from bot.model.core_types import Outcome
from bot.policy import Subject, policy_in_force
from bot.policy.read_policy import read_policy
from tests.bot.checks.alerts.change_blocks import CATALOGUE, TOOL, read_change
from tests.repository.alerts_page import BOOK, book
from tests.repository.page_examples import Example, Page, read_page

FOLDER = Path(alerts.__file__).parent
ROOMS = {
    "__init__",
    "change_alert",
    "flow",
    "network_destinations",
    "new_findings",
    "secret_flow",
    "signal",
    "signals_compromised_action",
}
FOR_ALL = ("severity", "mode", "alarm")


def page_of(signal: type[Signal]) -> Page:
    return read_page(FOLDER / f"{signal.name.replace('-', '_')}.md")


EXAMPLES = [
    pytest.param(signal, example, id=f"{signal.name}: {example.title}")
    for signal in SIGNALS
    for example in page_of(signal).examples
]


def noticed(signal: type[Signal], example: Example) -> Noticed:
    file = read_policy(example.policy.encode(), CATALOGUE.registries) if example.policy else None
    policy = policy_in_force(file, subject=Subject(TOOL))
    change = read_change(example.settings or "", example.before, example.files)
    return next(each for each in notice(change, policy) if each.signal.name == signal.name)


@pytest.mark.parametrize(("signal", "example"), EXAMPLES)
def test_an_example_is_true_to_the_word(signal: type[Signal], example: Example) -> None:
    result = noticed(signal, example)
    said = [f"{finding.place} {finding.message}" for finding in result.findings]
    said += [f"unseen: {unseen.what}: {unseen.reason}" for unseen in result.unseen]

    assert result.outcome is not Outcome.BROKEN, result.fault
    assert example.findings is not None
    assert said == list(example.findings)


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda signal: str(signal.name))
def test_a_page_has_an_example_that_gives_the_signal_and_a_twin_that_does_not(signal: type[Signal]) -> None:
    outcomes = {noticed(signal, example).outcome for example in page_of(signal).examples}

    assert outcomes >= {Outcome.FAILED, Outcome.PASSED}


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda signal: str(signal.name))
def test_a_page_says_why_what_to_do_and_where_it_stands(signal: type[Signal]) -> None:
    page = page_of(signal)
    text = (FOLDER / f"{signal.name.replace('-', '_')}.md").read_text()
    opens = "opens an issue at once" if signal().alarm else "opens no issue"

    assert page.title == signal.title()
    assert f"`{signal.name}` · a signal · {signal().severity} · {opens} · reads " in text
    assert list(page.sections) == ["Why", "What to do", "Options", "Where it stands", "Examples"]
    assert re.search(r"NIST CSF 2\.0: [A-Z]{2}\.[A-Z]{2}-\d\d", page.sections["Where it stands"])
    assert re.search(r"OWASP Non-Human Identities Top 10 \(2025\): NHI\d", page.sections["Where it stands"])
    assert re.search(r"OSPS-[A-Z]{2}-\d\d|SLSA", page.sections["Where it stands"])
    for field in fields(signal):
        assert f"`{field.name}`" in page.sections["Options"]
        assert field.metadata["means"].endswith(".")


def test_the_folder_is_the_list_and_no_two_laws_share_a_name() -> None:
    names = {str(signal.name) for signal in SIGNALS}
    others = {str(rule.name) for rule in RULES} | {str(condition.name) for condition in CONDITIONS}

    assert {path.stem for path in FOLDER.glob("*.py")} - ROOMS == {name.replace("-", "_") for name in names}
    assert {path.stem for path in FOLDER.glob("*.md")} == {name.replace("-", "_") for name in names}
    assert len(names) == len(SIGNALS)
    assert not names & others


def test_the_book_is_made_from_the_signals() -> None:
    assert BOOK.read_text() == book(), "run `make rulebook`"


def test_the_policy_that_the_book_shows_is_valid() -> None:
    shown = book().partition("```yaml\n")[2].partition("```")[0]
    file = read_policy(f"version: 1\n{shown}".encode(), CATALOGUE.registries)

    assert file.rules.keys() == {"secret-sent-away", "direct-workflow-edit", "moved-tag", "new-identity-token"}


def test_the_readme_names_every_signal() -> None:
    readme = (BOOK.parents[1] / "README.md").read_text()

    assert all(f"[`{signal.name}`](docs/signals.md#{signal.name})" in readme for signal in SIGNALS)
