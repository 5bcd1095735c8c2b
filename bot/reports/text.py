"""The report in the terminal's words: what is published, what does not hold, what to do next."""

from collections.abc import Collection, Iterator, Sequence

from termcolor import colored

from bot.evaluate import Report, Result
from bot.findings import Finding
from bot.names import Outcome, Severity
from bot.reports.escape import plain
from bot.reports.words import OUTCOMES, count, credential, verdict

COLOURS = {
    Outcome.PASSED: "green",
    Outcome.FAILED: "red",
    Outcome.WAIVED: "cyan",
    Outcome.NOT_APPLICABLE: "dark_grey",
    Outcome.UNSEEN: "yellow",
    Outcome.BROKEN: "magenta",
}
SEVERITIES = {Severity.LOW: "cyan", Severity.MEDIUM: "yellow", Severity.HIGH: "red", Severity.CRITICAL: "red"}


def render(reports: Sequence[tuple[str, Report]], *, colour: bool) -> str:
    """Give the whole text; `colour` says whether it is for eyes at a terminal."""
    lines = [line for path, report in reports for line in _repository(path, report, colour=colour)]
    return "\n".join([*lines, _total([report for _, report in reports])])


def _repository(path: str, report: Report, *, colour: bool) -> Iterator[str]:
    yield f"{_paint(plain(path), 'bold', colour=colour)}: {verdict(report)}"
    if report.policy.origins:
        yield f"  policy: {', '.join(map(plain, report.policy.origins))}"
    for note in report.policy.notes:
        yield f"  note: {plain(note)}"
    for publication in report.snapshot.publications:
        registry = report.snapshot.registries[publication.registry].name
        place = plain(f"{publication.file}:{publication.line}")
        environment = f"environment {publication.environment}" if publication.environment else "no environment"
        yield f"  {place} → {registry}, {plain(credential(publication))}, {plain(environment)}"
    unreadable = {file.file for file in report.snapshot.unreadable}
    for result in report.results:
        yield from _result(result, unreadable, colour=colour)
    for file in report.snapshot.unreadable:
        where = file.file if file.line is None else f"{file.file}:{file.line}"
        yield f"  {_paint('unreadable', 'yellow', colour=colour)} {plain(where)}: {plain(file.reason)}"
    yield ""


def _result(result: Result, unreadable: Collection[str], *, colour: bool) -> Iterator[str]:
    outcome = _paint(OUTCOMES[result.outcome], COLOURS[result.outcome], colour=colour)
    yield f"  {result.rule.name}: {outcome}"
    for finding in result.findings:
        yield from _finding(result, finding, colour=colour)
    for unseen in (each for each in result.unseen if each.what not in unreadable):  # those are told once, below
        remedy = f"; needs {plain(unseen.permission)}" if unseen.permission else ""
        yield f"    {_paint('unseen', 'yellow', colour=colour)} {plain(unseen.what)}: {plain(unseen.reason)}{remedy}"
    if result.fault:
        yield f"    broken: {plain(result.fault)}; please report it with the workflow that shows it"


def _finding(result: Result, finding: Finding, *, colour: bool) -> Iterator[str]:
    severity = _paint(result.rule.severity, SEVERITIES[result.rule.severity], colour=colour)
    yield f"    {severity} {plain(str(finding.place))} {plain(finding.message)}"
    yield f"      next: {plain(finding.fix)}"
    if finding.suggestion is not None:
        lines = (
            finding.place.line
            if finding.place.line == finding.place.end_line
            else f"{finding.place.line}-{finding.place.end_line}"
        )
        yield f"      instead of line{'' if isinstance(lines, int) else 's'} {lines}:"
        yield from (f"        {plain(line)}" for line in finding.suggestion.split("\n"))


def _total(reports: Sequence[Report]) -> str:
    findings = sum(len(result.findings) for report in reports for result in report.results)
    unreadable = sum(len(report.snapshot.unreadable) for report in reports)
    publications = sum(len(report.snapshot.publications) for report in reports)
    parts = [count(len(reports), "repository"), count(publications, "publication"), count(findings, "finding")]
    parts += [count(unreadable, "unreadable file")] if unreadable else []
    return f"{', '.join(parts)}."


def _paint(text: str, style: str, *, colour: bool) -> str:
    if not colour:
        return text
    return (
        colored(text, attrs=["bold"], force_color=True) if style == "bold" else colored(text, style, force_color=True)
    )
