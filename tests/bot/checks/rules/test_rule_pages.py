"""Every example on every rule's page is true, and every page says what it owes."""

import re
from dataclasses import fields, replace
from pathlib import Path

import pytest

from bot.checks.rule import Rule
from bot.checks.rules import RULES
from bot.checks.rules.workflow_hygiene import CleanPath
from bot.evaluation.evaluate import Result, evaluate
from bot.model.core_types import FullName, Outcome
from bot.policy import Subject, policy_in_force
from bot.policy.read_policy import read_policy
from bot.registries import load_catalogue
from bot.snapshot.repository_snapshot import (
    NO_ACCOUNTS,
    NO_REVIEWS,
    NOT_WATCHED,
    UNSEEN_LOCALLY,
    Snapshot,
    take_snapshot,
)
from handlers.jobs.zizmor import with_hygiene
from tests.bot.checks.rules.registry_version_blocks import read_watched
from tests.bot.checks.rules.version_trace_blocks import read_accounts
from tests.bot.checks.settings_blocks import NOW, read_settings
from tests.repository.page_examples import Example, Page, read_page

FOLDER = Path(__file__).parents[4] / "bot" / "checks" / "rules"
CATALOGUE = load_catalogue()
TOOL = FullName("acme/tool")


def page_of(rule: type[Rule]) -> Page:
    return read_page(FOLDER / f"{rule.name.replace('-', '_')}.md")


EXAMPLES = [
    pytest.param(rule, example, id=f"{rule.name}: {example.title}")
    for rule in RULES
    for example in page_of(rule).examples
]


def snapshot_of(example: Example) -> Snapshot:
    holdings, reviews = (UNSEEN_LOCALLY, NO_REVIEWS) if example.settings is None else read_settings(example.settings)
    files = {path: CATALOGUE.expand(text).encode() for path, text in example.files.items()}
    watched = NOT_WATCHED if example.watched is None else read_watched(example.watched, TOOL)
    taken = take_snapshot(TOOL, None, NOW, files, CATALOGUE, holdings).snapshot
    kept = example.accounts
    released = NO_ACCOUNTS if kept is None else read_accounts(kept, TOOL, taken.publications)
    return replace(taken, reviews=reviews, watched=watched, released=released)


def result_of(rule: type[Rule], example: Example) -> Result:
    file = read_policy(example.policy.encode(), CATALOGUE.registries) if example.policy else None
    policy = policy_in_force(file, subject=Subject(TOOL))
    snapshot = snapshot_of(example)
    report = evaluate(with_hygiene(snapshot, policy) if rule is CleanPath else snapshot, policy)
    return next(result for result in report.results if result.rule.name == rule.name)


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_an_example_is_true_to_the_word(rule: type[Rule], example: Example) -> None:
    result = result_of(rule, example)
    said = [f"{finding.place} {finding.message}" for finding in result.findings]
    said += [f"unseen: {unseen.what}: {unseen.reason}" for unseen in result.unseen]

    assert result.outcome is not Outcome.BROKEN, result.fault
    assert example.findings is not None or example.suggestions, "an example shows findings or suggestions"
    if example.findings is not None:
        assert said == list(example.findings)
    suggested = {str(finding.place): finding.suggestion for finding in result.findings}
    for place, suggestion in example.suggestions.items():
        assert suggested[place] == suggestion


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_following_a_suggestion_is_the_whole_change(rule: type[Rule], example: Example) -> None:
    for finding in result_of(rule, example).findings:
        if finding.suggestion is None:
            continue
        lines = example.files[finding.place.file].split("\n")
        lines[finding.place.line - 1 : finding.place.end_line] = finding.suggestion.split("\n")
        mended = Example(
            example.title, {**example.files, finding.place.file: "\n".join(lines)}, example.policy, example.settings
        )

        assert finding.message not in [after.message for after in result_of(rule, mended).findings]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.name))
def test_a_page_says_why_what_to_do_and_where_it_stands(rule: type[Rule]) -> None:
    page = page_of(rule)

    assert page.title == rule.title()
    assert list(page.sections) == ["Why", "What to do", "Options", "Where it stands", "Examples"]
    assert re.search(r"NIST CSF 2\.0: [A-Z]{2}\.[A-Z]{2}-\d\d", page.sections["Where it stands"])
    assert re.search(r"OWASP Non-Human Identities Top 10 \(2025\): NHI\d", page.sections["Where it stands"])
    assert re.search(r"OSPS-[A-Z]{2}-\d\d|SLSA", page.sections["Where it stands"])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.name))
def test_a_page_names_every_option_and_the_default_severity(rule: type[Rule]) -> None:
    page = page_of(rule)
    text = (FOLDER / f"{rule.name.replace('-', '_')}.md").read_text()

    assert f"`{rule.name}` · {rule().severity} ·" in text
    for field in fields(rule):
        assert f"`{field.name}`" in page.sections["Options"]
        assert field.metadata["means"].endswith(".")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.name))
def test_a_page_has_an_example_that_fails_and_one_that_is_clean(rule: type[Rule]) -> None:
    outcomes = {result_of(rule, example).outcome for example in page_of(rule).examples}

    assert Outcome.FAILED in outcomes
    assert outcomes & {Outcome.PASSED, Outcome.NOT_APPLICABLE}
