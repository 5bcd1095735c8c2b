"""Audits, verification summaries: what a person can name in them is text, and never acts."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser

import pytest

from bot.evaluation.audit import (
    AuditPeriod,
    AuditRecords,
    DemandedPolicy,
    RecordedDecision,
    RecordedOutcomes,
    RecordedRevocation,
    RepositoryHistory,
)
from bot.evaluation.gate_decision import GateVerdict
from bot.model.core_types import FullName, Mode, Outcome, RuleName
from bot.model.identity_register import AccessReview, IdentityKind
from bot.packages.versions import TraceStatus
from bot.policy import Waiver
from bot.registries import load_catalog
from bot.rendering.audit_report import audit_content, render_audit_csv, render_audit_html, render_audit_json
from bot.rendering.markdown import plain_line
from bot.rendering.verification_summary import (
    PolicyReference,
    Verifier,
    render_verification_summary,
)
from tests.bot.rendering.test_hostile_issues import MORE
from tests.bot.rendering.test_hostile_versions import account
from tests.bot.rendering.test_reports import HOSTILE

EACH = pytest.mark.parametrize("words", [*HOSTILE, *MORE], ids=lambda words: plain_line(words[:30]))
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
OURS = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "code", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "a"}  # fmt: skip


class Elements(HTMLParser):
    """The elements of a page and where its links lead to."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.links: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]


def records(words: str) -> AuditRecords:
    name = FullName(words)
    waiver = Waiver(RuleName("trusted-publishing"), name, words, words, date(2027, 1, 1), origin=words, line=1)
    outcomes = RecordedOutcomes(NOW, words, {RuleName(words): Outcome.FAILED})
    return AuditRecords(
        organization=words,
        period=AuditPeriod(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)),
        made_at=NOW,
        policies=(
            DemandedPolicy(words, words, "0" * 64, NOW, None, {RuleName(words): Mode.ENFORCE}, (waiver,), words),
        ),
        repositories=(RepositoryHistory(name, None, (outcomes,)),),
        reviews=(AccessReview(IdentityKind.SECRET, words, words, NOW, words, keep=True, reason=words, shown=words),),
        revocations=(RecordedRevocation(name, words, words, NOW, words),),
        decisions=(RecordedDecision(NOW, name, words, 1, words, GateVerdict.REJECTED, (words,), (words,)),),
        publications=(account(words),),
    )


@EACH
def test_the_page_of_an_audit_holds_our_elements_only(words: str) -> None:
    page = Elements()
    page.feed(render_audit_html(audit_content(records(words), "https://github.example")))
    assert page.names <= OURS, page.names - OURS
    assert page.attributes <= {"lang", "charset", "name", "content", "class", "href", "colspan"}
    assert all(link.startswith("https://github.example/") for link in page.links)


@EACH
def test_no_cell_of_an_audit_is_a_formula_and_its_json_is_read(words: str) -> None:
    rows = list(csv.reader(io.StringIO(render_audit_csv(audit_content(records(words))))))
    assert {len(row) for row in rows} == {8}
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert json.loads(render_audit_json(audit_content(records(words))))["controls"]


@EACH
def test_a_summary_is_one_statement_whatever_a_version_is_called(words: str) -> None:
    verifier, policy = (
        Verifier("https://wharfinger.example#app", "1"),
        PolicyReference("https://github.example/acme", "0" * 64),
    )
    trace = replace(account(words), status=TraceStatus.TRACED)
    statement = render_verification_summary(trace, verifier, policy, load_catalog())
    assert json.loads(json.dumps(statement)) == statement
    assert statement["predicate"]["policy"] == {"uri": policy.uri, "digest": {"sha256": policy.sha256}}
