"""Every report is held to the table of hostile strings; here those without another place: previews, and the gate's comments."""

import re
from datetime import date
from pathlib import Path

import pytest

from bot.checks.gate import CONDITIONS
from bot.checks.gate.condition import Run, Waiting
from bot.evaluation.gate_decision import Decision, Judged, Verdict
from bot.evaluation.policy_preview import Change, Difference, Now, Preview
from bot.model.core_types import Conclusion, FullName, Mode, Outcome, RuleName, Sha
from bot.model.findings import Finding, Place, Unseen
from bot.policy import Waiver
from bot.rendering import gate_comment, preview
from bot.rendering.markdown import plain
from tests.bot.rendering.test_hostile_issues import MORE, assert_inert
from tests.bot.rendering.test_reports import HOSTILE

ROOT = Path(__file__).parents[3]
REPORTS = ROOT / "bot" / "rendering"
EACH = pytest.mark.parametrize("words", [*HOSTILE, *MORE], ids=lambda words: plain(words[:30]))


# Rooms that give values or single words to the reports, which are held as a whole.
WITHIN = {"__init__", "boxes", "check_run", "digest", "digest_facts", "issue_life", "markdown", "marker", "phrases", "publish_path_diagram", "release", "waivers"}  # fmt: skip


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
    failed, passed = Now(Outcome.FAILED, Mode.ENFORCE, 1, 1), Now(Outcome.PASSED, Mode.OBSERVE, 0, 0)
    changes = (Change(RuleName(words), passed, failed), Change(RuleName(words), None, passed))
    difference = Difference(FullName(words), Conclusion.SUCCESS, Conclusion.FAILURE, changes)
    said = preview.render(Preview(words, (difference,), 3, (difference,), 1, (words,)))
    assert_inert(said.summary)
    assert_inert(said.text)
    assert said.title.isprintable()


@pytest.mark.parametrize("verdict", Verdict)
@EACH
def test_the_gates_comment_says_it_and_does_nothing(words: str, verdict: Verdict) -> None:
    decision = Decision(_waiting(words), verdict, tuple(_judged(words)), (words,))
    comment = gate_comment.comment(decision)
    assert_inert(
        re.sub(
            r"\[what was judged of this commit\]\(https://github\.example/acme/widgets/commit/c0ffee/checks\)",
            "",
            comment,
        )
    )
    assert len(comment) <= gate_comment.MOST
    assert all(line.isprintable() for line in (*gate_comment.why(decision), *gate_comment.reasons(decision.judged)))
    assert_inert(gate_comment.cannot(words))


@pytest.mark.parametrize("mark", ["_", "*", "@", "|"])
def test_what_is_full_of_marks_does_not_push_the_first_reason_out(mark: str) -> None:
    words = mark * 600
    decision = Decision(_waiting(words), Verdict.REJECTED, tuple(_judged(words)))
    comment = gate_comment.comment(decision)
    assert len(comment) <= gate_comment.MOST
    assert f"<code>{decision.stopping[0].condition.name}</code>: &#{ord(mark)};" in comment
    assert len(gate_comment.cannot(words)) <= gate_comment.MOST


def _waiting(words: str) -> Waiting:
    run = Run(1, 1, "push", words, Sha("c0ffee"), words, words, words)
    web = "https://github.example/acme/widgets"
    return Waiting(repository=FullName(words), environment=words, run=run, default_branch=words, web=web)


def _judged(words: str) -> list[Judged]:
    finding = Finding(Place(words, 1, 2), words, words)
    waiver = Waiver(CONDITIONS[0].name, FullName(words), words, words, date(2027, 1, 31), origin=words, line=1)
    rejected, unseen, waived, broken = (Outcome.FAILED, Outcome.UNSEEN, Outcome.WAIVED, Outcome.BROKEN)
    modes = (Mode.ENFORCE, Mode.OBSERVE)
    return [
        judged
        for mode in modes
        for judged in (
            Judged(CONDITIONS[0](mode=mode), rejected, findings=(finding,)),
            Judged(CONDITIONS[1](mode=mode), unseen, unseen=(Unseen(words, words, words),)),
            Judged(CONDITIONS[2](mode=mode), waived, waivers=(waiver,)),
            Judged(CONDITIONS[3](mode=mode), broken, fault=words),
        )
    ]
