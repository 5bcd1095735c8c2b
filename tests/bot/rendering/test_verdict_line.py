"""The verdict in one line, as titles and the command line say it."""

from dataclasses import replace

import pytest

from bot.checks.check import Rule
from bot.evaluation.evaluate import Report, RuleResult
from bot.model.core_types import Outcome
from bot.model.findings import Finding, Location, Unknown
from bot.policy import Policy
from bot.rendering.phrases import summarize_outcomes
from tests.bot.rendering.test_reports import SNAPSHOT, STORIED


def result_with(outcome: Outcome, rule: Rule) -> RuleResult:
    match outcome:
        case Outcome.FAILED:
            return RuleResult(rule, findings=(Finding(Location("a.yml", 1, 1), "is wrong", "Mend it."),))
        case Outcome.UNKNOWN:
            return RuleResult(rule, unknown=(Unknown("a fact", "it was hidden"),))
        case Outcome.ERROR:
            return RuleResult(rule, error="ValueError at a.py:1")
        case _:
            return RuleResult(rule, applies=outcome is Outcome.PASSED)


@pytest.mark.parametrize(
    ("outcomes", "title"),
    [
        ([], "No rule is in force here"),
        ([Outcome.NOT_APPLICABLE] * 3, "Nothing is published from here"),
        ([Outcome.PASSED, Outcome.PASSED, Outcome.PASSED], "All 3 rules passed"),
        ([Outcome.PASSED, Outcome.NOT_APPLICABLE], "trusted-publishing passed"),
        ([Outcome.FAILED, Outcome.FAILED], "2 of 2 rules failed: trusted-publishing and protected-environment"),
        ([Outcome.PASSED, Outcome.UNKNOWN], "1 of 2 rules passed; unknown: protected-environment"),
        (
            [Outcome.UNKNOWN] * 5,
            "0 of 5 rules passed; unknown: trusted-publishing and 4 more",
        ),
        (
            [Outcome.FAILED, Outcome.UNKNOWN, Outcome.ERROR],
            "1 of 3 rules failed: trusted-publishing; 1 unknown; 1 error",
        ),
    ],
)
def test_the_verdict_in_words(outcomes: list[Outcome], title: str) -> None:
    results = tuple(result_with(outcome, rule()) for rule, outcome in zip(STORIED * 2, outcomes, strict=False))

    assert summarize_outcomes(Report(replace(SNAPSHOT, publications=()), Policy(), results)) == title
