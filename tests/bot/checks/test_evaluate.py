"""Judgement: what becomes of each rule, and what the check run concludes from it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import ClassVar

import pytest

from bot.checks.check import Rule
from bot.detection import Publication
from bot.evaluation.evaluate import evaluate_repository
from bot.model.core_types import (
    Conclusion,
    Confidence,
    Credential,
    FullName,
    Mode,
    Outcome,
    RegistryId,
    RuleName,
    Severity,
)
from bot.model.findings import Finding, Location, Unknown, UnreadableFile
from bot.policy import Policy
from bot.snapshot.repository_snapshot import Snapshot

NOW = datetime(2026, 11, 24, tzinfo=UTC)
EMPTY = Snapshot(FullName("acme/tool"), None, NOW)
WRONG = Finding(Location("a.yml", 1, 1), "is wrong", "Mend it.")
HIDDEN = Unknown("the tide", "the App was not granted tides: read", "tides: read")


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedOutcomeRule(Rule):
    """Whatever it is told to say, and then it breaks if told so."""

    name: ClassVar[RuleName] = RuleName("says")
    outcome: tuple[Finding | Unknown, ...] = ()
    raises: bool = False
    relevant: bool = True

    def applies(self, snapshot: Snapshot) -> bool:  # noqa: ARG002 - it says what it was told to, whatever it sees
        return self.relevant

    def judge(self, snapshot: Snapshot) -> Iterator[Finding | Unknown]:  # noqa: ARG002 - as above
        yield from self.outcome
        if self.raises:
            raise ValueError("a text with the secret hunter2")


def outcome(rule: Rule, snapshot: Snapshot = EMPTY) -> Outcome:
    return evaluate_repository(snapshot, Policy((rule,))).results[0].outcome


def test_a_rule_that_finds_nothing_holds() -> None:
    assert outcome(FixedOutcomeRule()) is Outcome.PASSED


def test_a_rule_with_nothing_to_judge_does_not_apply() -> None:
    assert outcome(FixedOutcomeRule(relevant=False, outcome=(WRONG,))) is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (FixedOutcomeRule(outcome=(WRONG, HIDDEN), raises=True), Outcome.FAILED),
        (FixedOutcomeRule(outcome=(HIDDEN,), raises=True), Outcome.ERROR),
        (FixedOutcomeRule(outcome=(HIDDEN,)), Outcome.UNKNOWN),
    ],
)
def test_the_worst_that_is_so_is_the_outcome(rule: Rule, expected: Outcome) -> None:
    assert outcome(rule) is expected


def test_a_rule_that_breaks_keeps_what_it_found_before_and_tells_no_text_of_the_error() -> None:
    result = evaluate_repository(EMPTY, Policy((FixedOutcomeRule(outcome=(WRONG,), raises=True),))).results[0]

    assert result.findings == (WRONG,)
    assert result.error is not None
    assert result.error.startswith("ValueError at test_evaluate.py:")
    assert "hunter2" not in result.error


def test_a_rule_that_breaks_does_not_take_the_others_with_it() -> None:
    report = evaluate_repository(EMPTY, Policy((FixedOutcomeRule(raises=True), FixedOutcomeRule(outcome=(WRONG,)))))

    assert [result.outcome for result in report.results] == [Outcome.ERROR, Outcome.FAILED]


def test_a_file_that_cannot_be_read_leaves_every_rule_unseen() -> None:
    snapshot = replace(EMPTY, unreadable=(UnreadableFile(".github/workflows/a.yml", "line 3 has a tab", 3),))

    assert outcome(FixedOutcomeRule(), snapshot) is Outcome.UNKNOWN
    assert outcome(FixedOutcomeRule(relevant=False), snapshot) is Outcome.UNKNOWN
    assert outcome(FixedOutcomeRule(outcome=(WRONG,)), snapshot) is Outcome.FAILED


def test_our_own_failure_while_reading_leaves_every_rule_broken() -> None:
    snapshot = replace(EMPTY, error="KeyError at find.py:7")

    assert evaluate_repository(snapshot, Policy((FixedOutcomeRule(),))).results[0].error == "KeyError at find.py:7"
    assert outcome(FixedOutcomeRule(), snapshot) is Outcome.ERROR
    assert outcome(FixedOutcomeRule(relevant=False), snapshot) is Outcome.ERROR


def test_the_same_fact_said_twice_is_told_once() -> None:
    result = evaluate_repository(EMPTY, Policy((FixedOutcomeRule(outcome=(HIDDEN, HIDDEN, WRONG, WRONG)),))).results[0]

    assert result.unknown == (HIDDEN,)
    assert result.findings == (WRONG,)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ((FixedOutcomeRule(),), Conclusion.SUCCESS),
        ((FixedOutcomeRule(), FixedOutcomeRule(relevant=False)), Conclusion.SUCCESS),
        ((FixedOutcomeRule(relevant=False),), Conclusion.NEUTRAL),
        ((), Conclusion.NEUTRAL),
        ((FixedOutcomeRule(outcome=(WRONG,)),), Conclusion.NEUTRAL),
        ((FixedOutcomeRule(outcome=(HIDDEN,)),), Conclusion.NEUTRAL),
        ((FixedOutcomeRule(raises=True),), Conclusion.NEUTRAL),
        ((FixedOutcomeRule(mode=Mode.ENFORCE),), Conclusion.SUCCESS),
        ((FixedOutcomeRule(mode=Mode.ENFORCE, outcome=(WRONG,)),), Conclusion.FAILURE),
        ((FixedOutcomeRule(mode=Mode.ENFORCE, outcome=(HIDDEN,)),), Conclusion.ACTION_REQUIRED),
        ((FixedOutcomeRule(mode=Mode.ENFORCE, raises=True),), Conclusion.ACTION_REQUIRED),
        ((FixedOutcomeRule(outcome=(WRONG,)), FixedOutcomeRule(mode=Mode.ENFORCE)), Conclusion.NEUTRAL),
        (
            (FixedOutcomeRule(), FixedOutcomeRule(mode=Mode.ENFORCE, outcome=(WRONG,)), FixedOutcomeRule(raises=True)),
            Conclusion.FAILURE,
        ),
    ],
)
def test_the_conclusion_is_the_worst_that_a_mode_asks_for(rules: tuple[Rule, ...], expected: Conclusion) -> None:
    assert evaluate_repository(EMPTY, Policy(rules)).conclusion is expected


def test_outcomes_are_told_by_name() -> None:
    assert evaluate_repository(EMPTY, Policy((FixedOutcomeRule(outcome=(WRONG,)),))).outcomes == {
        "says": Outcome.FAILED
    }


PUBLISHING = Publication(
    file="a.yml",
    job="publish",
    step=0,
    line=7,
    end_line=8,
    registry=RegistryId("npm"),
    tool="node release.js",
    credential=Credential.LONG_LIVED,
    secrets=("NPM_TOKEN",),
    id_token_write=False,
    environment=None,
    confidence=Confidence.MEDIUM,
    why="release.js calls npm publish",
)


@pytest.mark.parametrize(
    ("confidences", "severity", "message"),
    [
        ([Confidence.MEDIUM], Severity.MEDIUM, "is wrong (release.js calls npm publish)"),
        ([Confidence.MEDIUM, Confidence.HIGH], Severity.HIGH, "is wrong"),
        ([Confidence.HIGH], Severity.HIGH, "is wrong"),
    ],
)
def test_a_finding_about_what_only_probably_publishes_says_so_and_weighs_less(
    confidences: list[Confidence], severity: Severity, message: str
) -> None:
    publications = tuple(replace(PUBLISHING, confidence=each) for each in confidences)
    report = evaluate_repository(
        replace(EMPTY, publications=publications), Policy((FixedOutcomeRule(outcome=(WRONG,)),))
    )
    (result,) = report.results

    assert [(finding.message, result.severity_of(finding)) for finding in result.findings] == [(message, severity)]
    assert result.outcome is Outcome.FAILED
