"""The words of checks: a title fits a line, a finding is one sentence, a fix is at most two, over every example of every page."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.checks.alerts import CHANGE_ALERTS
from bot.checks.check import Check
from bot.checks.gate import GATE_CONDITIONS
from bot.checks.rules import RULES
from bot.model.findings import Finding
from tests.bot.checks.alerts import test_alert_pages
from tests.bot.checks.gate import test_condition_pages
from tests.bot.checks.rules import test_rule_pages

CHECKS: tuple[type[Check[Any]], ...] = (*RULES, *GATE_CONDITIONS, *CHANGE_ALERTS)
MAX_TITLE = 80
MAX_FINDING = 240  # characters of an example's finding; names in it may be longer elsewhere
MAX_FIX = 330
SENTENCE_END = re.compile(r"[.!?](?= [A-Z`])|; ")  # a semicolon joins two sentences


def findings() -> Iterator[tuple[str, Finding]]:
    """Every finding that an example of a page shows, with the name of its check."""
    for rule in RULES:
        for example in test_rule_pages.page_of(rule).examples:
            yield from ((rule.name, finding) for finding in test_rule_pages.result_of(rule, example).findings)
    for condition in GATE_CONDITIONS:
        for example in test_condition_pages.page_of(condition).examples:
            found = test_condition_pages.result_of(condition, example).findings
            yield from ((condition.name, finding) for finding in found)
    for alert in CHANGE_ALERTS:
        for example in test_alert_pages.page_of(alert).examples:
            yield from ((alert.name, finding) for finding in test_alert_pages.result_of(alert, example).findings)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.name))
def test_a_title_fits_a_line(check: type[Check[Any]]) -> None:
    assert 0 < len(check.title()) <= MAX_TITLE


def test_a_finding_is_one_sentence_and_a_fix_at_most_two() -> None:
    told = list(findings())

    assert {name for name, _ in told} == {str(check.name) for check in CHECKS} - {"settled-protection"}  # it only holds
    for name, each in told:
        # What registries say of a version, and what a release changed, is quoted as it is.
        if name not in ("consistent-publisher", "release-authority"):
            assert not SENTENCE_END.search(each.message), (name, each.message)
        assert len(each.message) <= MAX_FINDING, (name, each.message)
        assert each.message[-1] not in ".:;", (name, each.message)
        assert each.fix.endswith("."), (name, each.fix)
        assert len(SENTENCE_END.findall(each.fix)) <= 1, (name, each.fix)
        assert len(each.fix) <= MAX_FIX, (name, each.fix)


BANNED = Path(__file__).parents[2] / "repository" / "banned_phrases.txt"
PHRASES = [line for line in BANNED.read_text().splitlines() if line and not line.startswith("#")]
BANNED_PATTERN = re.compile(rf"(?<![\w-])(?:{'|'.join(PHRASES)})(?![\w-])", re.IGNORECASE)
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.name))
def test_a_page_is_plain_english(check: type[Check[Any]]) -> None:
    prose = FENCED.sub("", check.page().read_text())

    assert [found[0] for found in BANNED_PATTERN.finditer(prose)] == []


def test_findings_and_fixes_are_plain_english() -> None:
    told = [(name, text) for name, each in findings() for text in (each.message, each.fix)]

    assert [(name, text) for name, text in told if BANNED_PATTERN.search(text)] == []
