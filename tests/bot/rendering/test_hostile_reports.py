"""Every report is held to the table of hostile strings; here those without another place: previews, and the gate's comments."""

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.checks.engine import WaiverMatch
from bot.checks.gate import GATE_CONDITIONS
from bot.checks.gate.condition import PendingDeployment, PendingRun
from bot.evaluation.gate_decision import ConditionResult, GateDecision, GateVerdict
from bot.evaluation.policy_preview import PolicyPreview, RepositoryDifference, RuleChange, RuleState
from bot.model.core_types import Conclusion, FullName, Mode, Outcome, RuleName, Severity, Sha
from bot.model.findings import Finding, Location, Unknown
from bot.policy import Waiver, WaiverStatus
from bot.rendering import check_run, gate_comment, notification
from bot.rendering.markdown import plain_line
from bot.rendering.markdown_template import MAX_TITLE
from tests.bot.rendering.test_hostile_issues import MORE, assert_inert
from tests.bot.rendering.test_reports import HOSTILE

ROOT = Path(__file__).parents[3]
REPORTS = ROOT / "bot" / "rendering"
EACH = pytest.mark.parametrize("words", [*HOSTILE, *MORE], ids=lambda words: plain_line(words[:30]))


# Rooms that give values or single words to the reports, which are held as a whole.
WITHIN = {"__init__", "digest_facts", "fix_text", "markdown", "markdown_template", "phrases", "publish_path_diagram"}  # fmt: skip


def test_every_report_is_held_to_the_table() -> None:
    held: set[str] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        text = path.read_text()
        if "HOSTILE" in text or "hostile(" in text:
            held |= set(re.findall(r"bot\.rendering\.(\w+) import", text))
            for names in re.findall(r"from bot\.rendering import ([\w, ]+)", text):
                held |= {name.split(" as ")[0].strip() for name in names.split(",")}
    assert {path.stem for path in REPORTS.glob("*.py")} - WITHIN - held == set()


@EACH
def test_a_preview_says_it_and_does_nothing(words: str) -> None:
    failed, passed = RuleState(Outcome.FAILED, Mode.ENFORCE, 1, 1), RuleState(Outcome.PASSED, Mode.OBSERVE, 0, 0)
    changes = (RuleChange(RuleName(words), passed, failed), RuleChange(RuleName(words), None, passed))
    difference = RepositoryDifference(FullName(words), Conclusion.SUCCESS, Conclusion.FAILURE, changes)
    said = check_run.render_policy_preview(PolicyPreview(words, (difference,), 3, (difference,), 1, (words,)))
    assert_inert(said.summary)
    assert_inert(said.text)
    assert said.title.isprintable()
    assert len(said.title) <= MAX_TITLE


@EACH
def test_a_notification_is_plain_text_of_limited_length(words: str) -> None:
    many = words * (2 * notification.MAX_TEXT // len(words))
    told = notification.Notification(
        key=words, kind=notification.NotificationKind.ACCESS, title=words, text=f"{many}\n{many}\n{many}\n{many}",
        severity=Severity.HIGH, at=datetime(2026, 11, 24, tzinfo=UTC), subject=words,
    )  # fmt: skip
    event = notification.cloud_event(told, 7, "1.0")
    said = (
        told.plain_title,
        event["subject"],
        event["data"]["message"],
        event["data"]["finding_info"]["uid"],
        event["id"],
    )
    assert [each for each in said if not each.isprintable()] == []
    assert all(char.isprintable() or char == "\n" for char in told.plain_text)
    assert (len(told.plain_title) <= notification.MAX_TITLE, len(told.plain_text) <= notification.MAX_TEXT) == (
        True,
        True,
    )
    assert json.loads(json.dumps(event)) == event


@pytest.mark.parametrize("verdict", GateVerdict)
@EACH
def test_the_gates_comment_says_it_and_does_nothing(words: str, verdict: GateVerdict) -> None:
    decision = GateDecision(_waiting(words), verdict, tuple(_judged(words)), (words,))
    comment = gate_comment.render_gate_comment(decision)
    assert_inert(
        re.sub(
            r"\[Checks of this commit\]\(https://github\.example/acme/widgets/commit/c0ffee/checks\)",
            "",
            comment,
        )
    )
    assert len(comment) <= gate_comment.MAX_COMMENT
    assert all(
        line.isprintable()
        for line in (*gate_comment.decision_reasons(decision), *gate_comment.condition_reasons(decision.results))
    )
    assert_inert(gate_comment.render_unknown_comment(words))


@pytest.mark.parametrize("mark", ["_", "*", "@", "|"])
def test_what_is_full_of_marks_does_not_push_the_first_reason_out(mark: str) -> None:
    words = mark * 600
    decision = GateDecision(_waiting(words), GateVerdict.REJECTED, tuple(_judged(words)))
    comment = gate_comment.render_gate_comment(decision)
    assert len(comment) <= gate_comment.MAX_COMMENT
    assert f"<code>{decision.blocking[0].check.name}</code>: &#{ord(mark)};" in comment
    assert len(gate_comment.render_unknown_comment(words)) <= gate_comment.MAX_COMMENT


def _waiting(words: str) -> PendingDeployment:
    run = PendingRun(1, 1, "push", words, Sha("c0ffee"), words, words, words)
    web = "https://github.example/acme/widgets"
    return PendingDeployment(repository=FullName(words), environment=words, run=run, default_branch=words, html_url=web)


def _judged(words: str) -> list[ConditionResult]:
    finding = Finding(Location(words, 1, 2), words, words)
    waiver = Waiver(GATE_CONDITIONS[0].name, FullName(words), words, words, date(2027, 1, 31), origin=words, line=1)
    waived = WaiverMatch(finding, waiver, WaiverStatus.ACTIVE)
    modes = (Mode.ENFORCE, Mode.OBSERVE)
    return [
        judged
        for mode in modes
        for judged in (
            ConditionResult(GATE_CONDITIONS[0](mode=mode), findings=(finding,)),
            ConditionResult(GATE_CONDITIONS[1](mode=mode), unknown=(Unknown(words, words, words),)),
            ConditionResult(GATE_CONDITIONS[2](mode=mode), waived=(waived,)),
            ConditionResult(GATE_CONDITIONS[3](mode=mode), error=words),
        )
    ]
