"""Renders the audit of a period as HTML that prints well, as JSON, and as a CSV list of what happened."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.evaluation.audit import AuditFigure, AuditRecords, ControlEvidence, audit_figures, control_evidence
from bot.model.core_types import FullName, Outcome
from bot.model.identity_register import AccessReview
from bot.packages.versions import TraceStatus
from bot.rendering.links import github_url
from bot.rendering.markdown import plain_line
from bot.rendering.register_report import csv_cell

EVENT_COLUMNS = ("at", "kind", "repository", "subject", "person", "result", "reason", "link")


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One thing that happened."""

    at: datetime
    kind: str  # policy, waiver, outcome, review, revocation, gate, publication
    repository: str
    subject: str
    person: str = ""
    result: str = ""
    reason: str = ""
    link: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        at = self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return (at, self.kind, self.repository, self.subject, self.person, self.result, self.reason, self.link)


@dataclass(frozen=True, slots=True)
class AuditContent:
    """What an export says, computed once for all its forms."""

    records: AuditRecords
    figures: tuple[AuditFigure, ...]
    controls: tuple[ControlEvidence, ...]
    events: tuple[AuditEvent, ...]


def audit_content(records: AuditRecords, github: str = "") -> AuditContent:
    """Compute what an export says; `github` is the address of GitHub's pages, for links."""
    return AuditContent(records, audit_figures(records), control_evidence(records), _audit_events(records, github))


def _audit_events(records: AuditRecords, github: str) -> tuple[AuditEvent, ...]:
    """Return what happened, in order."""
    found = [
        *_policy_entries(records),
        *_outcome_entries(records, github),
        *_review_entries(records.reviews),
        *(
            AuditEvent(each.requested_at, "revocation", each.repository, each.identity, each.requested_by, each.state)
            for each in records.revocations
        ),
        *_gate_entries(records, github),
        *_publication_entries(records, github),
    ]
    return tuple(sorted(found, key=lambda each: (each.at, each.kind, each.repository, each.subject)))


def _policy_entries(records: AuditRecords) -> Iterator[AuditEvent]:
    known: set[str] = set()
    for policy in records.policies:
        commit = policy.commit or "unknown commit"
        at = max(policy.valid_from, records.period.begin)
        yield AuditEvent(at, "policy", "", commit, result="in force", reason=policy.unreadable)
        for waiver in policy.waivers:
            key = repr((waiver.rule, waiver.repository, waiver.reason, waiver.owner, waiver.expires))
            if key not in known:
                known.add(key)
                result = f"until {waiver.expires}"
                yield AuditEvent(at, "waiver", waiver.repository, waiver.rule, waiver.owner, result, waiver.reason)


def _outcome_entries(records: AuditRecords, github: str) -> Iterator[AuditEvent]:
    for history in records.repositories:
        before = history.at_begin.outcomes if history.at_begin else {}
        for change in history.changes:
            link = _web(github, history.repository, f"commit/{change.commit}/checks") if change.commit else ""
            for rule, outcome in change.outcomes.items():
                was = before.get(rule)
                if was == outcome or (was is None and outcome in UNREMARKABLE):
                    continue
                reason = f"was {was}" if was else "first evaluation"
                yield AuditEvent(change.changed_at, "outcome", history.repository, rule, "", outcome, reason, link)
            before = change.outcomes


def _review_entries(reviews: Iterable[AccessReview]) -> Iterator[AuditEvent]:
    for each in reviews:
        where = f" ({each.environment or each.workflow})" if each.environment or each.workflow else ""
        result = "confirmed" if each.keep else "removed"
        subject = f"{each.kind} {each.name}{where}"
        yield AuditEvent(each.reviewed_at, "review", each.holder, subject, each.reviewer, result, each.reason)


def _gate_entries(records: AuditRecords, github: str) -> Iterator[AuditEvent]:
    for each in records.decisions:
        link = _web(github, each.repository, f"actions/runs/{each.run}")
        reason = "; ".join((*each.reasons, *(f"waived: {waiver}" for waiver in each.waivers)))
        subject = f"{each.environment}, run {each.run}"
        yield AuditEvent(each.at, "gate", each.repository, subject, "", each.verdict, reason, link)


def _publication_entries(records: AuditRecords, github: str) -> Iterator[AuditEvent]:
    for each in records.publications:
        version, run = each.version, each.step_run.run if each.step_run else None
        link = _web(github, each.repository, f"actions/runs/{run.id}") if run else ""
        reason = "; ".join(map(str, each.reasons))
        subject = f"{version.package.registry} {version.package.name} {version.number}"
        person = ", ".join(each.independent_approvers)
        at = version.published_at or each.traced_at
        yield AuditEvent(at, "publication", each.repository, subject, person, each.status, reason, link)


def _web(github: str, repository: FullName, path: str) -> str:
    return github_url(f"{github}/{repository}", path) if github else ""


def render_audit_csv(content: AuditContent) -> str:
    """Give a line for each thing that happened, below a line of names; what a spreadsheet could run is quoted."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(EVENT_COLUMNS)
    for entry in content.events:
        writer.writerow(map(csv_cell, entry.cells))
    return out.getvalue()


def render_audit_json(content: AuditContent) -> str:
    """Give one document; fields are only ever added."""
    records = content.records
    document = {
        "organization": records.organization,
        "from": records.period.begin.isoformat(),
        "to": records.period.end.isoformat(),
        "made_at": records.made_at.isoformat(),
        "figures": [{"name": each.name, "count": each.count, "of": each.of} for each in content.figures],
        "policies": [
            {
                "commit": each.commit,
                "sha256": each.sha256,
                "valid_from": each.valid_from.isoformat(),
                "valid_to": each.valid_to.isoformat() if each.valid_to else None,
                "rules": {str(rule): str(mode) for rule, mode in each.modes.items()},
                "unreadable": each.unreadable or None,
            }
            for each in records.policies
        ],
        "controls": [_control_object(each) for each in content.controls],
        "events": [dict(zip(EVENT_COLUMNS, each.cells, strict=True)) for each in content.events],
    }
    return json.dumps(document, ensure_ascii=True) + "\n"  # without indentation: that is five times as fast


def _control_object(control: ControlEvidence) -> dict[str, Any]:
    return {
        "framework": control.framework,
        "requirement": control.requirement,
        "rules": [
            {
                "rule": str(each.rule),
                "demanded": list(each.modes),
                "judged": each.judged,
                "failing_at_begin": each.failing_at_begin,
                "failing_at_end": each.failing_at_end,
                "unknown_at_end": each.unknown_at_end,
                "fixed": each.fixed,
                "broke": each.broke,
                "waived": each.waived,
            }
            for each in control.rules
        ],
    }


UNREMARKABLE = frozenset({Outcome.PASSED, Outcome.NOT_APPLICABLE})  # where a rule was judged for the first time
MAX_EVENT_ROWS = 2_000  # that the HTML shows; the CSV has all
ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    auto_reload=False,
    finalize=lambda value: plain_line(str(value), 2_000) if isinstance(value, str) else value,
    undefined=StrictUndefined,
)


def render_audit_html(content: AuditContent) -> str:
    """Give a page of its own that prints well and loads nothing from elsewhere."""
    entries, records = content.events, content.records
    return ENVIRONMENT.get_template("audit.html.jinja").render(
        records=records,
        figures=content.figures,
        controls=content.controls,
        untraced=[each for each in records.publications if each.status is TraceStatus.UNTRACED],
        entries=entries[-MAX_EVENT_ROWS:],
        omitted=max(0, len(entries) - MAX_EVENT_ROWS),
    )
