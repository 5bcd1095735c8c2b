"""Every example on every rule's page is true, and every page says what it owes."""

import re
from dataclasses import fields, replace
from pathlib import Path

import pytest

from bot.checks.check import Rule
from bot.checks.rules import RULES
from bot.checks.rules.workflow_hygiene import WorkflowHygiene
from bot.evaluation.evaluate import RuleResult, evaluate_repository
from bot.model.core_types import FullName, Outcome
from bot.policy import TargetRepository, policy_in_force
from bot.policy.read_policy import read_policy
from bot.registries import load_catalog
from bot.snapshot.repository_snapshot import (
    CHECKOUT_SETTINGS,
    REGISTRY_VERSIONS_NOT_STORED,
    REVIEWS_NOT_STORED,
    TRACES_NOT_STORED,
    Snapshot,
    take_snapshot,
)
from handlers.jobs.zizmor import add_zizmor_findings
from tests.bot.checks.rules.registry_version_blocks import read_registry_versions
from tests.bot.checks.rules.version_trace_blocks import read_version_traces
from tests.bot.checks.settings_blocks import NOW, read_settings
from tests.repository.page_examples import DocumentationPage, PageExample, read_page
from tests.repository.rules_page import options_section

FOLDER = Path(__file__).parents[4] / "bot" / "checks" / "rules"
CATALOG = load_catalog()
TOOL = FullName("acme/tool")


def page_of(rule: type[Rule]) -> DocumentationPage:
    return read_page(FOLDER / f"{rule.name.replace('-', '_')}.md")


EXAMPLES = [
    pytest.param(rule, example, id=f"{rule.name}: {example.title}")
    for rule in RULES
    for example in page_of(rule).examples
]


def snapshot_of(example: PageExample) -> Snapshot:
    holdings, reviews = (
        (CHECKOUT_SETTINGS, REVIEWS_NOT_STORED) if example.settings is None else read_settings(example.settings)
    )
    files = {path: CATALOG.expand_addresses(text).encode() for path, text in example.files.items()}
    watched = (
        REGISTRY_VERSIONS_NOT_STORED
        if example.registry_versions is None
        else read_registry_versions(example.registry_versions, TOOL)
    )
    taken = take_snapshot(TOOL, None, NOW, files, CATALOG, holdings).snapshot
    kept = example.version_traces
    released = TRACES_NOT_STORED if kept is None else read_version_traces(kept, TOOL, taken.publications)
    return replace(taken, reviews=reviews, registry_versions=watched, version_traces=released)


def result_of(rule: type[Rule], example: PageExample) -> RuleResult:
    file = read_policy(example.policy.encode(), CATALOG.registries) if example.policy else None
    policy = policy_in_force(file, target=TargetRepository(TOOL))
    snapshot = snapshot_of(example)
    report = evaluate_repository(add_zizmor_findings(snapshot, policy) if rule is WorkflowHygiene else snapshot, policy)
    return next(result for result in report.results if result.rule.name == rule.name)


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_an_example_is_true_to_the_word(rule: type[Rule], example: PageExample) -> None:
    result = result_of(rule, example)
    said = [f"{finding.location} {finding.message}" for finding in result.findings]
    said += [f"unknown: {unseen.fact}: {unseen.reason}" for unseen in result.unknown]
    said += [f"not applicable: see {requirement}" for requirement in result.see]

    assert result.outcome is not Outcome.ERROR, result.error
    assert example.findings is not None or example.suggestions, "an example shows findings or suggestions"
    if example.findings is not None:
        assert said == list(example.findings)
    suggested = {str(finding.location): finding.suggestion for finding in result.findings}
    for place, suggestion in example.suggestions.items():
        assert suggested[place] == suggestion


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_following_a_suggestion_is_the_whole_change(rule: type[Rule], example: PageExample) -> None:
    for finding in result_of(rule, example).findings:
        if finding.suggestion is None:
            continue
        lines = example.files[finding.location.file].split("\n")
        lines[finding.location.line - 1 : finding.location.end_line] = finding.suggestion.split("\n")
        mended = PageExample(
            example.title, {**example.files, finding.location.file: "\n".join(lines)}, example.policy, example.settings
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
    assert page.sections["Options"].strip() == options_section(rule), "run `make rulebook`"
    assert all(field.metadata["means"].endswith(".") for field in fields(rule))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.name))
def test_a_page_has_an_example_that_fails_and_one_that_is_clean(rule: type[Rule]) -> None:
    outcomes = {result_of(rule, example).outcome for example in page_of(rule).examples}

    assert Outcome.FAILED in outcomes
    assert outcomes & {Outcome.PASSED, Outcome.NOT_APPLICABLE}
