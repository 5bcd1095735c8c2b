"""Judgement: what becomes of each rule, and what the check run concludes from it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import ClassVar

import pytest

from bot.checks.rule import Rule
from bot.evaluation.evaluate import evaluate
from bot.model.core_types import Conclusion, FullName, Mode, Outcome, RuleName
from bot.model.findings import Finding, Place, Unreadable, Unseen
from bot.policy import Policy
from bot.snapshot.repository_snapshot import Snapshot

NOW = datetime(2026, 11, 24, tzinfo=UTC)
EMPTY = Snapshot(FullName("acme/tool"), None, NOW)
WRONG = Finding(Place("a.yml", 1, 1), "is wrong", "Mend it.")
HIDDEN = Unseen("the tide", "the App was not granted tides: read", "tides: read")


@dataclass(frozen=True, slots=True, kw_only=True)
class Says(Rule):
    """Whatever it is told to say, and then it breaks if told so."""

    name: ClassVar[RuleName] = RuleName("says")
    says: tuple[Finding | Unseen, ...] = ()
    breaks: bool = False
    relevant: bool = True

    def applies(self, snapshot: Snapshot) -> bool:  # noqa: ARG002 - it says what it was told to, whatever it sees
        return self.relevant

    def check(self, snapshot: Snapshot) -> Iterator[Finding | Unseen]:  # noqa: ARG002 - as above
        yield from self.says
        if self.breaks:
            raise ValueError("a text with the secret hunter2")


def outcome(rule: Rule, snapshot: Snapshot = EMPTY) -> Outcome:
    return evaluate(snapshot, Policy((rule,))).results[0].outcome


def test_a_rule_that_finds_nothing_holds() -> None:
    assert outcome(Says()) is Outcome.PASSED


def test_a_rule_with_nothing_to_judge_does_not_apply() -> None:
    assert outcome(Says(relevant=False, says=(WRONG,))) is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Says(says=(WRONG, HIDDEN), breaks=True), Outcome.FAILED),
        (Says(says=(HIDDEN,), breaks=True), Outcome.BROKEN),
        (Says(says=(HIDDEN,)), Outcome.UNSEEN),
    ],
)
def test_the_worst_that_is_so_is_the_outcome(rule: Rule, expected: Outcome) -> None:
    assert outcome(rule) is expected


def test_a_rule_that_breaks_keeps_what_it_found_before_and_tells_no_text_of_the_error() -> None:
    result = evaluate(EMPTY, Policy((Says(says=(WRONG,), breaks=True),))).results[0]

    assert result.findings == (WRONG,)
    assert result.fault is not None
    assert result.fault.startswith("ValueError at test_evaluate.py:")
    assert "hunter2" not in result.fault


def test_a_rule_that_breaks_does_not_take_the_others_with_it() -> None:
    report = evaluate(EMPTY, Policy((Says(breaks=True), Says(says=(WRONG,)))))

    assert [result.outcome for result in report.results] == [Outcome.BROKEN, Outcome.FAILED]


def test_a_file_that_cannot_be_read_leaves_every_rule_unseen() -> None:
    snapshot = replace(EMPTY, unreadable=(Unreadable(".github/workflows/a.yml", "line 3 has a tab", 3),))

    assert outcome(Says(), snapshot) is Outcome.UNSEEN
    assert outcome(Says(relevant=False), snapshot) is Outcome.UNSEEN
    assert outcome(Says(says=(WRONG,)), snapshot) is Outcome.FAILED


def test_our_own_failure_while_reading_leaves_every_rule_broken() -> None:
    snapshot = replace(EMPTY, fault="KeyError at find.py:7")

    assert evaluate(snapshot, Policy((Says(),))).results[0].fault == "KeyError at find.py:7"
    assert outcome(Says(), snapshot) is Outcome.BROKEN
    assert outcome(Says(relevant=False), snapshot) is Outcome.BROKEN


def test_the_same_fact_said_twice_is_told_once() -> None:
    result = evaluate(EMPTY, Policy((Says(says=(HIDDEN, HIDDEN, WRONG, WRONG)),))).results[0]

    assert result.unseen == (HIDDEN,)
    assert result.findings == (WRONG,)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ((Says(),), Conclusion.SUCCESS),
        ((Says(), Says(relevant=False)), Conclusion.SUCCESS),
        ((Says(relevant=False),), Conclusion.NEUTRAL),
        ((), Conclusion.NEUTRAL),
        ((Says(says=(WRONG,)),), Conclusion.NEUTRAL),
        ((Says(says=(HIDDEN,)),), Conclusion.NEUTRAL),
        ((Says(breaks=True),), Conclusion.NEUTRAL),
        ((Says(mode=Mode.ENFORCE),), Conclusion.SUCCESS),
        ((Says(mode=Mode.ENFORCE, says=(WRONG,)),), Conclusion.FAILURE),
        ((Says(mode=Mode.ENFORCE, says=(HIDDEN,)),), Conclusion.ACTION_REQUIRED),
        ((Says(mode=Mode.ENFORCE, breaks=True),), Conclusion.ACTION_REQUIRED),
        ((Says(says=(WRONG,)), Says(mode=Mode.ENFORCE)), Conclusion.NEUTRAL),
        ((Says(), Says(mode=Mode.ENFORCE, says=(WRONG,)), Says(breaks=True)), Conclusion.FAILURE),
    ],
)
def test_the_conclusion_is_the_worst_that_a_mode_asks_for(rules: tuple[Rule, ...], expected: Conclusion) -> None:
    assert evaluate(EMPTY, Policy(rules)).conclusion is expected


def test_outcomes_are_told_by_name() -> None:
    assert evaluate(EMPTY, Policy((Says(says=(WRONG,)),))).outcomes == {"says": Outcome.FAILED}
