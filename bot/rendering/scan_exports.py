"""The report as CSV, for spreadsheets: a line for each finding, waived finding, and fact or rule that could not be judged."""

import csv
import io
from collections.abc import Iterable, Iterator

from bot.evaluation.evaluate import Report, RuleResult
from bot.model.findings import Finding
from bot.rendering.identities import FORMULA_PREFIXES
from bot.rendering.markdown import plain_line

CSV_COLUMNS = (
    "path",
    "rule",
    "outcome",
    "severity",
    "mode",
    "file",
    "line",
    "message",
    "fix",
    "waived_until",
    "waived_by",
)


def render_scan_csv(reports: Iterable[tuple[str, Report]]) -> str:
    """Give a line of names and a line for each thing told; columns are only ever added, at the end."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for path, report in reports:
        for row in _csv_rows(report):
            writer.writerow(map(_csv_cell, (path, *row)))
    return out.getvalue().removesuffix("\n")


def _csv_rows(report: Report) -> Iterator[tuple[str, ...]]:
    for result in report.results:
        for finding in result.findings:
            yield (*_csv_finding(result, "failed", finding), "", "")
        for waived in result.waived:
            waiver = waived.waiver
            yield (*_csv_finding(result, "waived", waived.finding), waiver.expires.isoformat(), waiver.owner)
        for unseen in result.unknown:
            remedy = f"grant {unseen.permission}" if unseen.permission else ""
            said = f"{unseen.fact}: {unseen.reason}"
            yield (result.rule.name, "unknown", result.rule.severity, result.rule.mode, "", "", said, remedy, "", "")
        if result.error:
            yield (result.rule.name, "error", result.rule.severity, result.rule.mode, "", "", result.error, "", "", "")
    for file in report.snapshot.unreadable:
        yield ("", "unreadable", "", "", file.file, str(file.line or ""), file.reason, "", "", "")


def _csv_finding(result: RuleResult, outcome: str, finding: Finding) -> tuple[str, ...]:
    place, rule = finding.location, result.rule
    line = str(place.line) if place.in_file else ""
    return (rule.name, outcome, rule.severity, rule.mode, place.file, line, finding.message, finding.fix)


def _csv_cell(text: str) -> str:
    shown = plain_line(text)
    return f"'{shown}" if shown.startswith(FORMULA_PREFIXES) else shown
