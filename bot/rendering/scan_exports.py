"""Exports a report as CSV for spreadsheets or as SARIF 2.1.0 for code scanning.

SARIF 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any, TypeAlias
from urllib.parse import quote

from bot.checks.check import Rule
from bot.checks.documentation import read_documentation
from bot.evaluation.evaluate import Report, RuleResult
from bot.model.core_types import Severity
from bot.model.findings import Finding, Location, join_names
from bot.registries import Catalog, load_catalog
from bot.rendering.baseline import Baseline, finding_fingerprint
from bot.rendering.links import DOCUMENTATION_SITE, check_page_url
from bot.rendering.markdown import plain_line
from bot.rendering.phrases import count, waiver_text
from bot.rendering.register_report import FORMULA_PREFIXES
from bot.rendering.scan_report import ScanFormat
from bot.snapshot.repository_snapshot import unread_facts

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


def _repository_csv(path: str, report: Report) -> str:
    lines = io.StringIO()
    csv.writer(lines, lineterminator="\n").writerows(map(_csv_cell, (path, *row)) for row in _csv_rows(report))
    return f"\n{lines.getvalue()}".removesuffix("\n")


# A line of names and a line for each thing told; columns are only ever added, at the end.
CSV_FORMAT = ScanFormat(",".join(CSV_COLUMNS), _repository_csv, "", lambda _: "")


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
    for each in report.snapshot.unexplained:
        yield ("", "unexplained", "", "", each.file, str(each.line), each.reason, "", "", "")
    for file in report.snapshot.unreadable:
        yield ("", "unreadable", "", "", file.file, str(file.line or ""), file.reason, "", "", "")


def _csv_finding(result: RuleResult, outcome: str, finding: Finding) -> tuple[str, ...]:
    place, rule = finding.location, result.rule
    line = str(place.line) if place.in_file else ""
    return (rule.name, outcome, result.severity_of(finding), rule.mode, place.file, line, finding.message, finding.fix)


def _csv_cell(text: str) -> str:
    shown = plain_line(text)
    return f"'{shown}" if shown.startswith(FORMULA_PREFIXES) else shown


SarifObject: TypeAlias = Mapping[str, Any]  # an object of the format, on its way out

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
SARIF_LEVELS = {Severity.LOW: "note", Severity.MEDIUM: "warning", Severity.HIGH: "error", Severity.CRITICAL: "error"}

# GitHub sorts by this number: docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support
SECURITY_SEVERITIES = {Severity.LOW: "2.5", Severity.MEDIUM: "5.5", Severity.HIGH: "8.0", Severity.CRITICAL: "9.5"}


MAX_RESULTS = 5_000  # of a run; GitHub keeps no more, the most severe first


def sarif_format(version: str, baseline: Baseline | None = None) -> ScanFormat:
    """Return the format of one document with a run for each path; `version` is Wharfinger's own."""
    catalog = load_catalog()

    def repository(path: str, report: Report) -> str:
        run = _sarif_run(_category(path, report), report, catalog, version, baseline)
        return "  " + json.dumps(run, indent=1, ensure_ascii=True).replace("\n", "\n  ")

    begin = f'{{\n "$schema": "{SARIF_SCHEMA}",\n "version": "2.1.0",\n "runs": [\n'
    return ScanFormat(begin, repository, ",\n", lambda _: "\n ]\n}")


def _category(path: str, report: Report) -> str:
    """Name what keeps results of several uploads apart: the repository, or its path without the folders of a machine."""
    repository, typed = str(report.snapshot.repository), PurePath(path)
    if "/" in repository:
        name = repository
    else:
        name = typed.name if typed.is_absolute() else "/".join(part for part in typed.parts if part != "..")
    return f"wharfinger/{quote(name, errors='replace')}/" if name else "wharfinger/"


def _sarif_run(category: str, report: Report, catalog: Catalog, version: str, baseline: Baseline | None) -> SarifObject:
    rules = [_sarif_rule(result.rule, catalog) for result in report.results]
    told = [each for index, result in enumerate(report.results) for each in _sarif_results(index, result, baseline)]
    told.sort(key=lambda each: -report.results[each["ruleIndex"]].rule.severity.rank)
    return {
        "tool": {
            "driver": {
                "name": "Wharfinger",
                "version": version,
                "semanticVersion": version,
                "informationUri": DOCUMENTATION_SITE,
                "rules": rules,
            }
        },
        # What keeps two paths' results apart where both are uploaded.
        "automationDetails": {"id": category},
        "invocations": [
            {
                # Not seen is not well: a viewer must not take no results for a clean bill.
                "executionSuccessful": not report.snapshot.unreadable
                and not any(result.error for result in report.results),
                "toolExecutionNotifications": list(_notifications(report)),
            }
        ],
        "results": told[:MAX_RESULTS],
        "columnKind": "unicodeCodePoints",
    }


def _sarif_rule(rule: Rule, catalog: Catalog) -> SarifObject:
    page = read_documentation(rule.name, catalog) or ""
    return {
        "id": rule.name,
        "shortDescription": {"text": f"{rule.title()}."},
        "fullDescription": {"text": " ".join((type(rule).__doc__ or rule.title()).split())},
        "defaultConfiguration": {"level": SARIF_LEVELS[rule.severity]},
        "helpUri": check_page_url(rule.name),
        "help": {"text": f"wharfinger explain {rule.name}", "markdown": page.partition("\n## Examples\n")[0].strip()},
        "properties": {"tags": ["security", "publishing"], "security-severity": SECURITY_SEVERITIES[rule.severity]},
    }


def _sarif_results(index: int, result: RuleResult, baseline: Baseline | None) -> Iterator[SarifObject]:
    new = baseline.new_findings(result) if baseline else ()
    for finding in result.findings:
        state = {"baselineState": "new" if finding in new else "unchanged"} if baseline else {}
        yield {**_sarif_result(index, result, finding), **state}
    for waived in result.waived:
        accepted = {"kind": "external", "status": "accepted", "justification": plain_line(waiver_text(waived))}
        yield {**_sarif_result(index, result, waived.finding), "suppressions": [accepted]}


def _sarif_result(index: int, result: RuleResult, finding: Finding) -> SarifObject:
    told: dict[str, Any] = {
        "ruleId": result.rule.name,
        "ruleIndex": index,
        "level": SARIF_LEVELS[result.severity_of(finding)],
        "message": {"text": f"{plain_line(finding.message)}. {plain_line(finding.fix)}"},
        "locations": [_result_location(finding.location)],
        "partialFingerprints": {"wharfinger/v1": finding_fingerprint(result.rule.name, finding)},
    }
    if finding.suggestion is not None:
        told["fixes"] = [_sarif_fix(finding, finding.suggestion)]
    return told


def _result_location(location: Location) -> SarifObject:
    if location.in_file:
        return {"physicalLocation": _physical_location(location)}
    # A page of settings is no file; viewers that want one show the result without a line.
    return {"logicalLocations": [{"fullyQualifiedName": plain_line(location.file), "kind": "resource"}]}


def _physical_location(location: Location) -> SarifObject:
    return {
        "artifactLocation": {"uri": quote(location.file, errors="replace"), "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": location.line, "endLine": location.end_line},
    }


def _sarif_fix(finding: Finding, suggestion: str) -> SarifObject:
    lines = {"startLine": finding.location.line, "startColumn": 1, "endLine": finding.location.end_line}
    return {
        "description": {"text": plain_line(finding.fix)},
        "artifactChanges": [
            {
                "artifactLocation": _physical_location(finding.location)["artifactLocation"],
                "replacements": [{"deletedRegion": lines, "insertedContent": {"text": suggestion}}],
            }
        ],
    }


def _notifications(report: Report) -> Iterator[SarifObject]:
    for file in report.snapshot.unreadable:
        place = Location(file.file, file.line or 1, file.line or 1)
        yield {
            "level": "error",
            "message": {"text": f"Could not be read: {plain_line(file.file)}: {plain_line(file.reason)}"},
            "locations": [{"physicalLocation": _physical_location(place)}],
        }
    for each in report.snapshot.unexplained:
        yield {
            "level": "warning",
            "message": {"text": f"Unknown: {plain_line(each.reason)}"},
            "locations": [{"physicalLocation": _physical_location(Location(each.file, each.line, each.end_line))}],
        }
    unread = unread_facts(report.snapshot)
    unknown = [result for result in report.results if any(each.fact not in unread for each in result.unknown)]
    if unknown:
        names = join_names(str(result.rule.name) for result in unknown)
        text = f"{count(len(unknown), 'rule')} unknown, since a checkout does not show what GitHub stores: {names}"
        yield {"level": "note", "message": {"text": text}}
    for result in report.results:
        if result.error:
            yield {"level": "error", "message": {"text": f"{result.rule.name} broke: {plain_line(result.error)}"}}
