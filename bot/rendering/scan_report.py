"""Renders a scan report as terminal text or as JSON.

The JSON follows docs/scan.schema.json. Fields are only ever added to it.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from termcolor import colored

from bot.checks.engine import WaiverMatch
from bot.detection import Publication
from bot.evaluation.evaluate import Report, RuleResult
from bot.model.core_types import Outcome, Severity
from bot.model.findings import Finding, Known, Unknown, UnreadableFile
from bot.policy import WaiverStatus
from bot.rendering.baseline import NO_BASELINE, Baseline, finding_fingerprint
from bot.rendering.links import check_page_url
from bot.rendering.markdown import plain_line
from bot.rendering.phrases import (
    count,
    credential_text,
    ineffective_waiver_text,
    outcome_text,
    summarize_outcomes,
    unused_waiver_text,
    waiver_template,
    waiver_text,
)
from bot.snapshot.repository_snapshot import NOT_IN_CHECKOUT, NOT_STORED, unread_facts

OUTCOME_COLORS = {
    Outcome.PASSED: "green",
    Outcome.FAILED: "red",
    Outcome.WAIVED: "cyan",
    Outcome.NOT_APPLICABLE: "dark_grey",
    Outcome.UNKNOWN: "yellow",
    Outcome.ERROR: "magenta",
}
FOLDED_WORDS = {
    Outcome.FAILED: "failed with findings of the baseline only",
    Outcome.UNKNOWN: "unknown, since GitHub holds what they read and the App sees it",
    Outcome.PASSED: "passed",
    Outcome.NOT_APPLICABLE: "not applicable",
}
SEVERITY_COLORS = {Severity.LOW: "cyan", Severity.MEDIUM: "yellow", Severity.HIGH: "red", Severity.CRITICAL: "red"}


@dataclass(frozen=True, slots=True)
class ScanTotals:
    """Counts of a scan, of one repository or of many."""

    repositories: int = 0
    publications: int = 0
    findings: int = 0
    unreadable: int = 0
    unexplained: int = 0
    known: int = 0  # findings that the baseline lists
    online: int = 0  # repositories of which files of other repositories were read

    def __add__(self, other: "ScanTotals") -> "ScanTotals":
        return ScanTotals(
            self.repositories + other.repositories,
            self.publications + other.publications,
            self.findings + other.findings,
            self.unreadable + other.unreadable,
            self.unexplained + other.unexplained,
            self.known + other.known,
            self.online + other.online,
        )


@dataclass(frozen=True, slots=True)
class ScanPart:
    """One repository's part of the output, and its counts."""

    text: str
    totals: ScanTotals


@dataclass(frozen=True, slots=True)
class ScanFormat:
    """Writes the output of a scan part by part, so that no more than one report has to be kept."""

    begin: str
    repository: Callable[[str, Report], str]  # the text for a path and its report
    separator: str
    end: Callable[[ScanTotals], str]
    baseline: Baseline = NO_BASELINE

    def part(self, path: str, report: Report) -> ScanPart:
        """Return one repository's part."""
        return ScanPart(self.repository(path, report), _totals(report, self.baseline))

    def join(self, parts: Iterable[ScanPart]) -> Iterator[str]:
        """Yield the whole output, piece by piece, with the line break at its end."""
        yield self.begin
        totals, separator = ScanTotals(), ""
        for part in parts:
            yield separator + part.text
            totals, separator = totals + part.totals, self.separator
        yield self.end(totals) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextStyle:
    """What the terminal text shows, and how."""

    color: bool = False
    links: bool = False  # whether names of rules lead to their pages, as terminals show links
    verbose: bool = False  # whether also what needs nobody is listed: passed rules, what a checkout cannot show
    waiver_templates: bool = False  # whether a waiver to paste stands below each finding
    baseline: Baseline = NO_BASELINE


PLAIN_STYLE = TextStyle()
FAILURES_FIRST = (
    Outcome.ERROR,
    Outcome.FAILED,
    Outcome.WAIVED,
    Outcome.UNKNOWN,
    Outcome.PASSED,
    Outcome.NOT_APPLICABLE,
)


def text_format(style: TextStyle = PLAIN_STYLE) -> ScanFormat:
    """Return the format for people: for each repository a summary, then what failed, the most severe first."""

    def repository(path: str, report: Report) -> str:
        return "".join(f"{line}\n" for line in _ScanTextWriter(report, style).lines(path))

    return ScanFormat("", repository, "", _total_line, style.baseline)


@dataclass(frozen=True, slots=True)
class _ScanTextWriter:
    """Writes one repository's report."""

    report: Report
    style: TextStyle

    def lines(self, path: str) -> Iterator[str]:
        report = self.report
        yield f"{self._paint(plain_line(path), 'bold')}: {summarize_outcomes(report)}"
        if report.policy.origins:
            yield f"  policy: {', '.join(map(plain_line, report.policy.origins))}"
        for note in (*report.policy.notes, *report.policy.undecided, *map(unused_waiver_text, report.unused_waivers)):
            yield f"  note: {plain_line(note)}"
        yield from map(self._publication, report.snapshot.publications)
        ordered = sorted(
            report.results,
            key=lambda result: (FAILURES_FIRST.index(result.outcome), -result.rule.severity.rank),
        )
        shown = [result for result in ordered if self.style.verbose or self._needs_somebody(result)]
        for result in shown:
            yield from self._result(result)
        yield from self._unread()
        yield from self._folded([result for result in ordered if result not in shown])
        yield ""

    def _needs_somebody(self, result: RuleResult) -> bool:
        """Whether somebody can do something about a result here."""
        if result.outcome in (Outcome.PASSED, Outcome.NOT_APPLICABLE):
            return bool(result.ineffective_waivers)
        if result.outcome is Outcome.UNKNOWN:
            return any(True for _ in self._answerable(result))
        return result.outcome is not Outcome.FAILED or bool(self.style.baseline.new_findings(result))

    def _answerable(self, result: RuleResult) -> Iterator[Unknown]:
        """Yield the unknown facts that are not told below, and that the App alone would not make known."""
        unreadable = unread_facts(self.report.snapshot)
        for each in result.unknown:
            if each.fact not in unreadable and each.reason not in (NOT_IN_CHECKOUT, NOT_STORED):
                yield each

    def _folded(self, results: Sequence[RuleResult]) -> Iterator[str]:
        """Count what is not listed, by outcome."""
        parts = []
        for outcome, words in FOLDED_WORDS.items():
            if number := sum(result.outcome is outcome for result in results):
                parts.append(f"{number} {words}")
        if parts:
            listed = "; ".join(parts)
            yield f"  {self._paint(f'not listed: {listed} (-v lists them)', 'dark_grey')}"

    def _publication(self, publication: Publication) -> str:
        registry = self.report.snapshot.registries[publication.registry].name
        place = plain_line(f"{publication.file}:{publication.line}")
        environment = f"environment {publication.environment}" if publication.environment else "no environment"
        return f"  {place} → {registry}, {plain_line(credential_text(publication))}, {plain_line(environment)}"

    def _unread(self) -> Iterator[str]:
        """Tell what could not be read, and what it may hide."""
        snapshot = self.report.snapshot
        for each in snapshot.unexplained:
            place = plain_line(f"{each.file}:{each.line}")
            yield f"  {self._paint('unknown', 'yellow')} {place}: {plain_line(each.reason)}"
        for said, files in (
            ("unreadable", snapshot.unreadable),
            ("read in part", snapshot.partially_read),
        ):
            for file in files:
                where = file.file if file.line is None else f"{file.file}:{file.line}"
                yield f"  {self._paint(said, 'yellow')} {plain_line(where)}: {plain_line(file.reason)}"

    def _result(self, result: RuleResult) -> Iterator[str]:
        name = self._link(result.rule.name, check_page_url(result.rule.name))
        yield f"  {name}: {self._paint(outcome_text(result), OUTCOME_COLORS[result.outcome])}"
        for finding in result.findings if self.style.verbose else self.style.baseline.new_findings(result):
            yield from self._finding(result, finding)
        for waived in result.waived:
            yield f"    {self._paint('waived', 'cyan')} {plain_line(str(waived.finding.location))} {plain_line(waived.finding.message)}"
            yield f"      {plain_line(waiver_text(waived))}"
        for lapsed in dict.fromkeys(ineffective_waiver_text(each, self.report) for each in result.ineffective_waivers):
            yield f"    note: {plain_line(lapsed)}"
        for unseen in self._answerable(result):
            remedy = f"; needs {plain_line(unseen.permission)}" if unseen.permission else ""
            yield f"    {self._paint('unknown', 'yellow')} {plain_line(unseen.fact)}: {plain_line(unseen.reason)}{remedy}"
        if result.error:
            yield f"    error: {plain_line(result.error)}; please report it with the workflow that shows it"

    def _finding(self, result: RuleResult, finding: Finding) -> Iterator[str]:
        place = finding.location
        severity = self._paint(result.severity_of(finding), SEVERITY_COLORS[result.severity_of(finding)])
        yield f"    {severity} {plain_line(str(place))} {plain_line(finding.message)}"
        yield f"      next: {plain_line(finding.fix)}"
        if finding.suggestion is not None:
            lines = f" {place.line}" if place.line == place.end_line else f"s {place.line}-{place.end_line}"
            yield f"      instead of line{lines}:"
            yield from (f"        {plain_line(line)}" for line in finding.suggestion.split("\n"))
        if self.style.waiver_templates:
            yield "      or, if it has to stay, in the policy:"
            yield from (f"        {plain_line(line)}" for line in waiver_template(self.report, result, finding))

    def _paint(self, text: str, style: str) -> str:
        if not self.style.color:
            return text
        if style == "bold":
            return colored(text, attrs=["bold"], force_color=True)
        return colored(text, style, force_color=True)

    def _link(self, text: str, url: str) -> str:
        """Let a terminal lead from a text to an address (OSC 8); one that knows no links shows the text alone."""
        return f"\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\" if self.style.links else text


def _totals(report: Report, baseline: Baseline) -> ScanTotals:
    snapshot = report.snapshot
    return ScanTotals(
        1,
        len(snapshot.publications),
        sum(len(result.findings) for result in report.results),
        len(snapshot.unreadable),
        len(snapshot.unexplained),
        baseline.count_known([report]),
        int(bool(snapshot.remote.contents)),
    )


def _total_line(totals: ScanTotals) -> str:
    parts = [
        count(totals.repositories, "repository"),
        count(totals.publications, "publication"),
        count(totals.findings, "finding"),
    ]
    parts += [f"{totals.known} of them in the baseline"] if totals.known else []
    parts += [count(totals.unreadable, "unreadable file")] if totals.unreadable else []
    parts += [count(totals.unexplained, "unexplained credential")] if totals.unexplained else []
    hint = " `--online` reads workflows of other repositories." if totals.unexplained and not totals.online else ""
    return f"{', '.join(parts)}.{hint}"


ScanObject: TypeAlias = Mapping[str, Any]  # an object of the contract, on its way out


def _repository_json(path: str, report: Report) -> str:
    # Python indents JSON ten times slower than it writes it.
    return json.dumps(repository_object(path, report), ensure_ascii=True)


# One document, with a repository for each path, in the order given; each stands on a line.
JSON_FORMAT = ScanFormat('{"repositories": [\n', _repository_json, ",\n", lambda _: "\n]}")


def repository_object(path: str, report: Report) -> ScanObject:
    """Give one repository's object of the contract."""
    snapshot = report.snapshot
    return {
        "path": path,
        "publications": _as_objects(snapshot.publications),
        "findings": [finding for result in report.results for finding in _finding_objects(result)],
        "outcomes": dict(report.outcomes),
        "waived": [_waived_object(result, each) for result in report.results for each in result.waived],
        "lapsed": [_waived_object(result, each) for result in report.results for each in result.ineffective_waivers],
        "unknown": [unseen for result in report.results for unseen in _unknown_objects(result)],
        "unexplained": [asdict(each) | {"reason": each.reason} for each in snapshot.unexplained],
        "unreadable": _as_objects(snapshot.unreadable),
        "partly": _as_objects(snapshot.partially_read),
        "policy": {"files": list(report.policy.origins), "notes": [*report.policy.notes, *report.policy.undecided]},
    }


def _as_objects(values: Iterable[Publication | UnreadableFile]) -> list[ScanObject]:
    """Return values whose fields are those of the contract."""
    return [asdict(value) for value in values]


def _finding_objects(result: RuleResult) -> Iterable[ScanObject]:
    for finding in result.findings:
        yield _finding_object(result, finding)


def _finding_object(result: RuleResult, finding: Finding) -> ScanObject:
    return {
        "rule": result.rule.name,
        "severity": result.severity_of(finding),
        "file": finding.location.file,
        "line": finding.location.line,
        "end_line": finding.location.end_line,
        "message": finding.message,
        "fix": finding.fix,
        "suggestion": finding.suggestion,
        "fingerprint": finding_fingerprint(result.rule.name, finding),
    }


def _waived_object(result: RuleResult, waived: WaiverMatch) -> ScanObject:
    waiver = waived.waiver
    seen = waiver.approval.value if isinstance(waiver.approval, Known) else None
    return {
        **_finding_object(result, waived.finding),
        "waiver": {
            "file": waiver.origin,
            "line": waiver.line,
            "owner": waiver.owner,
            "reason": waiver.reason,
            "expires": waiver.expires.isoformat(),
            "ending": waived.status is WaiverStatus.EXPIRING,
            "standing": waived.status,
            "requester": seen.requester if seen else None,
            "approvers": list(seen.approvers) if seen else None,
        },
    }


def _unknown_objects(result: RuleResult) -> Iterable[ScanObject]:
    for unseen in result.unknown:
        yield {
            "rule": result.rule.name,
            "what": unseen.fact,
            "reason": unseen.reason,
            "permission": unseen.permission,
        }
