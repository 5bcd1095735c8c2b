"""The report as CSV, for spreadsheets: a line for each finding, waived finding, and fact or rule that could not be judged."""

import csv
import io
from collections.abc import Iterable, Iterator

from bot.evaluation.evaluate import Report, Result
from bot.model.findings import Finding
from bot.rendering.identities import FORMULA
from bot.rendering.markdown import plain

COLUMNS = ("path", "rule", "outcome", "severity", "mode", "file", "line", "message", "fix", "waived_until", "waived_by")


def render(reports: Iterable[tuple[str, Report]]) -> str:
    """Give a line of names and a line for each thing told; columns are only ever added, at the end."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for path, report in reports:
        for row in _rows(report):
            writer.writerow(map(_cell, (path, *row)))
    return out.getvalue().removesuffix("\n")


def _rows(report: Report) -> Iterator[tuple[str, ...]]:
    for result in report.results:
        for finding in result.findings:
            yield (*_finding(result, "failed", finding), "", "")
        for waived in result.waived:
            waiver = waived.waiver
            yield (*_finding(result, "waived", waived.finding), waiver.expires.isoformat(), waiver.owner)
        for unseen in result.unseen:
            remedy = f"grant {unseen.permission}" if unseen.permission else ""
            said = f"{unseen.what}: {unseen.reason}"
            yield (result.rule.name, "unseen", result.rule.severity, result.rule.mode, "", "", said, remedy, "", "")
        if result.fault:
            yield (result.rule.name, "broken", result.rule.severity, result.rule.mode, "", "", result.fault, "", "", "")
    for file in report.snapshot.unreadable:
        yield ("", "unreadable", "", "", file.file, str(file.line or ""), file.reason, "", "", "")


def _finding(result: Result, outcome: str, finding: Finding) -> tuple[str, ...]:
    place, rule = finding.place, result.rule
    line = str(place.line) if place.in_file else ""
    return (rule.name, outcome, rule.severity, rule.mode, place.file, line, finding.message, finding.fix)


def _cell(text: str) -> str:
    shown = plain(text)
    return f"'{shown}" if shown.startswith(FORMULA) else shown
