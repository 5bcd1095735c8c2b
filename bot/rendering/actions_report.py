"""Renders a scan report for GitHub Actions: annotations on lines of files, and the summary of a job.

Workflow commands: docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from collections.abc import Iterator, Sequence

from bot.evaluation.evaluate import Report, RuleResult
from bot.model.core_types import Outcome, Severity
from bot.model.findings import Finding
from bot.rendering.baseline import NO_BASELINE, Baseline
from bot.rendering.links import check_page_url, linked_code
from bot.rendering.markdown import inline_code, markdown_text, plain_line, prose
from bot.rendering.phrases import count, credential_text, summarize_outcomes
from bot.rendering.scan_report import ScanFormat

LEVELS = {Severity.LOW: "notice", Severity.MEDIUM: "warning", Severity.HIGH: "error", Severity.CRITICAL: "error"}
MAX_ANNOTATIONS = 10  # GitHub shows ten errors, ten warnings and ten notices of a step
MAX_SUMMARY_FINDINGS = 500  # GitHub refuses a summary of more than 1 MiB
DATA, PROPERTY = {"%": "%25", "\r": "%0D", "\n": "%0A"}, {":": "%3A", ",": "%2C"}  # what a workflow command escapes


def annotations_format(baseline: Baseline = NO_BASELINE) -> ScanFormat:
    """Return the format of a workflow's log: one command for each new finding and unreadable file, the most severe first."""

    def repository(_: str, report: Report) -> str:
        return "".join(
            f"{line}\n" for level, each in _commands(report, baseline).items() for line in _limited(level, each)
        )

    return ScanFormat("", repository, "", lambda _: "")


def _commands(report: Report, baseline: Baseline) -> dict[str, list[str]]:
    commands: dict[str, list[str]] = {"error": [], "warning": [], "notice": []}
    for file in report.snapshot.unreadable:
        place = f"file={_escape(file.file, in_property=True)},line={file.line or 1}"
        commands["error"].append(f"::error {place},title=Unreadable::{_escape(plain_line(file.reason))}")
    for result, finding in new_findings(report, baseline):
        level = LEVELS[result.severity_of(finding)]
        commands[level].append(f"::{level} {_annotation_place(result, finding)}::{_annotation_text(finding)}")
    return commands


def _limited(level: str, commands: Sequence[str]) -> Iterator[str]:
    left = len(commands) - MAX_ANNOTATIONS
    if left <= 0:
        yield from commands
        return
    yield from commands[: MAX_ANNOTATIONS - 1]
    yield f"::{level} title=Wharfinger::{count(left + 1, 'more finding')}; the summary of the job lists them"


def _annotation_place(result: RuleResult, finding: Finding) -> str:
    title = _escape(f"{result.rule.name} ({result.severity_of(finding)})", in_property=True)
    place = finding.location
    if not place.in_file:
        return f"title={title}"
    return f"file={_escape(place.file, in_property=True)},line={place.line},endLine={place.end_line},title={title}"


def _annotation_text(finding: Finding) -> str:
    return _escape(f"{plain_line(finding.message)}. {plain_line(finding.fix)}")


def _escape(text: str, *, in_property: bool = False) -> str:
    marks = DATA | PROPERTY if in_property else DATA
    return "".join(marks.get(char, char) for char in plain_line(text))


def summary_format(baseline: Baseline = NO_BASELINE) -> ScanFormat:
    """Return the format of GITHUB_STEP_SUMMARY, in Markdown: what is published, and what is wrong with it."""

    def repository(path: str, report: Report) -> str:
        return "".join(f"{line}\n" for line in _summary_lines(path, report, baseline))

    return ScanFormat("", repository, "", lambda _: "")


def _summary_lines(path: str, report: Report, baseline: Baseline) -> Iterator[str]:
    yield f"## {'' if path == '.' else inline_code(path) + ': '}{markdown_text(summarize_outcomes(report))}"
    yield ""
    for each in report.snapshot.publications:
        registry = report.snapshot.registries[each.registry].name
        place = inline_code(f"{each.file}:{each.line}")
        yield f"- {place} → {markdown_text(registry)}, {markdown_text(credential_text(each))}"
    findings = list(new_findings(report, baseline))
    if findings:
        yield from ("", "| severity | rule | where | what, and what to do |", "|---|---|---|---|")
    for result, finding in findings[:MAX_SUMMARY_FINDINGS]:
        rule = linked_code(result.rule.name, check_page_url(result.rule.name))
        where = inline_code(str(finding.location))
        yield f"| {result.severity_of(finding)} | {rule} | {where} | {prose(finding.message)}.<br>{prose(finding.fix)} |"
    yield ""
    yield from _summary_notes(report, len(findings), baseline)


def _summary_notes(report: Report, findings: int, baseline: Baseline) -> Iterator[str]:
    if findings > MAX_SUMMARY_FINDINGS:
        yield f"{count(findings - MAX_SUMMARY_FINDINGS, 'more finding')} are not listed here.\n"
    if known := baseline.count_known([report]):
        yield f"{count(known, 'finding')} of the baseline {'is' if known == 1 else 'are'} not listed.\n"
    for file in report.snapshot.unreadable:
        yield f"Could not be read: {inline_code(file.file)} ({markdown_text(file.reason)}).\n"
    for question in report.snapshot.unexplained:
        yield f"Unknown: {inline_code(f'{question.file}:{question.line}')} {markdown_text(question.reason)}.\n"
    unknown = sum(result.outcome is Outcome.UNKNOWN for result in report.results)
    if unknown:
        yield f"{count(unknown, 'rule')} are unknown: a checkout does not show what GitHub stores. The App reads it.\n"


def new_findings(report: Report, baseline: Baseline) -> Iterator[tuple[RuleResult, Finding]]:
    """Yield the findings that the baseline does not list, the most severe first."""
    found = [(result, finding) for result in report.results for finding in baseline.new_findings(result)]
    yield from sorted(found, key=lambda each: -each[0].severity_of(each[1]).rank)
