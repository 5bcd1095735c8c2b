"""The report as SARIF 2.1.0, for GitHub's code scanning and other viewers: docs.oasis-open.org/sarif/sarif/v2.1.0."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias
from urllib.parse import quote

from bot.checks.rule import Rule
from bot.evaluation.evaluate import Report, Result
from bot.model.core_types import Severity
from bot.model.findings import Finding, Place
from bot.rendering.markdown import plain
from bot.rendering.waivers import waived_words

Json: TypeAlias = Mapping[str, Any]  # an object of the format, on its way out

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {Severity.LOW: "note", Severity.MEDIUM: "warning", Severity.HIGH: "error", Severity.CRITICAL: "error"}

# GitHub sorts by this number: docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support
SCORES = {Severity.LOW: "2.5", Severity.MEDIUM: "5.5", Severity.HIGH: "8.0", Severity.CRITICAL: "9.5"}


def render(reports: Sequence[tuple[str, Report]], version: str) -> str:
    """Give one document with a run for each path and its report; `version` is Wharfinger's own."""
    runs = [_run(path, report, version) for path, report in reports]
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": runs}, indent=1, ensure_ascii=True)


def _run(path: str, report: Report, version: str) -> Json:
    rules = [result.rule for result in report.results]
    return {
        "tool": {"driver": {"name": "Wharfinger", "version": version, "rules": [_rule(rule) for rule in rules]}},
        # What keeps two paths' results apart where both are uploaded.
        "automationDetails": {"id": f"wharfinger/{quote(path, errors='replace')}/"},
        "invocations": [
            {
                # Not seen is not well: a viewer must not take no results for a clean bill.
                "executionSuccessful": not report.snapshot.unreadable
                and not any(result.fault for result in report.results),
                "toolExecutionNotifications": list(_notifications(report)),
            }
        ],
        "results": [told for index, result in enumerate(report.results) for told in _results(index, result)],
        "columnKind": "unicodeCodePoints",
    }


def _rule(rule: Rule) -> Json:
    return {
        "id": rule.name,
        "shortDescription": {"text": f"{rule.title()}."},
        "fullDescription": {"text": " ".join((type(rule).__doc__ or rule.title()).split())},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "help": {"text": f"wharfinger explain {rule.name}"},
        "properties": {"tags": ["security", "publishing"], "security-severity": SCORES[rule.severity]},
    }


def _results(index: int, result: Result) -> Iterator[Json]:
    for finding in result.findings:
        yield _result(index, result, finding)
    for waived in result.waived:
        accepted = {"kind": "external", "status": "accepted", "justification": plain(waived_words(waived))}
        yield {**_result(index, result, waived.finding), "suppressions": [accepted]}


def _result(index: int, result: Result, finding: Finding) -> Json:
    told: dict[str, Any] = {
        "ruleId": result.rule.name,
        "ruleIndex": index,
        "level": LEVELS[result.rule.severity],
        "message": {"text": f"{plain(finding.message)}. {plain(finding.fix)}"},
        "locations": [_where(finding.place)],
        "partialFingerprints": {"wharfinger/v1": _fingerprint(result, finding)},
    }
    if finding.suggestion is not None:
        told["fixes"] = [_fix(finding, finding.suggestion)]
    return told


def _where(place: Place) -> Json:
    if place.in_file:
        return {"physicalLocation": _location(place)}
    # A page of settings is no file; viewers that want one show the result without a line.
    return {"logicalLocations": [{"fullyQualifiedName": plain(place.file), "kind": "resource"}]}


def _location(place: Place) -> Json:
    return {
        "artifactLocation": {"uri": quote(place.file, errors="replace"), "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": place.line, "endLine": place.end_line},
    }


def _fix(finding: Finding, suggestion: str) -> Json:
    lines = {"startLine": finding.place.line, "startColumn": 1, "endLine": finding.place.end_line}
    return {
        "description": {"text": plain(finding.fix)},
        "artifactChanges": [
            {
                "artifactLocation": _location(finding.place)["artifactLocation"],
                "replacements": [{"deletedRegion": lines, "insertedContent": {"text": suggestion}}],
            }
        ],
    }


def _fingerprint(result: Result, finding: Finding) -> str:
    """Name a finding by what it says, not by its line, which other changes move."""
    text = f"{result.rule.name}\0{finding.place.file}\0{finding.message}"
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:32]


def _notifications(report: Report) -> Iterator[Json]:
    for file in report.snapshot.unreadable:
        place = Place(file.file, file.line or 1, file.line or 1)
        yield {
            "level": "error",
            "message": {"text": f"Could not be read: {plain(file.file)}: {plain(file.reason)}"},
            "locations": [{"physicalLocation": _location(place)}],
        }
    for result in report.results:
        for unseen in result.unseen:
            text = f"{result.rule.name} could not be seen: {plain(unseen.what)} ({plain(unseen.reason)})"
            yield {"level": "warning", "message": {"text": text}}
        if result.fault:
            yield {"level": "error", "message": {"text": f"{result.rule.name} broke: {plain(result.fault)}"}}
