"""The report in the terminal's words: what is published, what does not hold, what to do next."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from termcolor import colored

from bot.evaluation.evaluate import Report, Result
from bot.model.core_types import Outcome, Severity
from bot.model.findings import Finding, listed
from bot.rendering.markdown import plain
from bot.rendering.phrases import OUTCOMES, count, credential, verdict
from bot.rendering.waivers import idle_words, lapsed_words, stanza, waived_words
from bot.snapshot.repository_snapshot import LOCALLY, NOT_KEPT

COLOURS = {
    Outcome.PASSED: "green",
    Outcome.FAILED: "red",
    Outcome.WAIVED: "cyan",
    Outcome.NOT_APPLICABLE: "dark_grey",
    Outcome.UNSEEN: "yellow",
    Outcome.BROKEN: "magenta",
}
SEVERITIES = {Severity.LOW: "cyan", Severity.MEDIUM: "yellow", Severity.HIGH: "red", Severity.CRITICAL: "red"}


def render(reports: Sequence[tuple[str, Report]], *, colour: bool, stanzas: bool = False) -> str:
    """Give the whole text; `colour` says whether it is for eyes at a terminal, `stanzas` whether waivers are shown to paste."""
    lines = [line for path, report in reports for line in _Writer(report, colour, stanzas).lines(path)]
    return "\n".join([*lines, _total([report for _, report in reports])])


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes one repository's report."""

    report: Report
    colour: bool
    stanzas: bool

    def lines(self, path: str) -> Iterator[str]:
        report = self.report
        yield f"{self._paint(plain(path), 'bold')}: {verdict(report)}"
        if report.policy.origins:
            yield f"  policy: {', '.join(map(plain, report.policy.origins))}"
        for note in (*report.policy.notes, *report.policy.doubts, *map(idle_words, report.idle_waivers)):
            yield f"  note: {plain(note)}"
        for publication in report.snapshot.publications:
            registry = report.snapshot.registries[publication.registry].name
            place = plain(f"{publication.file}:{publication.line}")
            environment = f"environment {publication.environment}" if publication.environment else "no environment"
            yield f"  {place} → {registry}, {plain(credential(publication))}, {plain(environment)}"
        beside = [result for result in report.results if _is_beside(result)]
        for result in report.results:
            if result not in beside:
                yield from self._result(result)
        if beside:
            names = listed(str(result.rule.name) for result in beside)
            yield f"  {self._paint('not in a checkout', 'yellow')}: GitHub holds what these rules read, and the App sees it: {names}"
        for said, files in (("unreadable", report.snapshot.unreadable), ("read in part", report.snapshot.partly)):
            for file in files:
                where = file.file if file.line is None else f"{file.file}:{file.line}"
                yield f"  {self._paint(said, 'yellow')} {plain(where)}: {plain(file.reason)}"
        yield ""

    def _result(self, result: Result) -> Iterator[str]:
        yield f"  {result.rule.name}: {self._paint(OUTCOMES[result.outcome], COLOURS[result.outcome])}"
        for finding in result.findings:
            yield from self._finding(result, finding)
        for waived in result.waived:
            yield f"    {self._paint('waived', 'cyan')} {plain(str(waived.finding.place))} {plain(waived.finding.message)}"
            yield f"      {plain(waived_words(waived))}"
        for lapsed in dict.fromkeys(lapsed_words(each, self.report) for each in result.lapsed):
            yield f"    note: {plain(lapsed)}"
        unreadable = {file.file for file in self.report.snapshot.unreadable}  # those are told once, below
        # What no checkout has is not told again and again; what somebody can do something about is.
        told = [each for each in result.unseen if each.what not in unreadable and each.reason != LOCALLY]
        for unseen in told:
            remedy = f"; needs {plain(unseen.permission)}" if unseen.permission else ""
            yield f"    {self._paint('unseen', 'yellow')} {plain(unseen.what)}: {plain(unseen.reason)}{remedy}"
        if result.fault:
            yield f"    broken: {plain(result.fault)}; please report it with the workflow that shows it"

    def _finding(self, result: Result, finding: Finding) -> Iterator[str]:
        place = finding.place
        severity = self._paint(result.rule.severity, SEVERITIES[result.rule.severity])
        yield f"    {severity} {plain(str(place))} {plain(finding.message)}"
        yield f"      next: {plain(finding.fix)}"
        if finding.suggestion is not None:
            lines = f" {place.line}" if place.line == place.end_line else f"s {place.line}-{place.end_line}"
            yield f"      instead of line{lines}:"
            yield from (f"        {plain(line)}" for line in finding.suggestion.split("\n"))
        if self.stanzas:
            yield "      or, if it has to stay, in the policy:"
            yield from (f"        {plain(line)}" for line in stanza(self.report, result, finding))

    def _paint(self, text: str, style: str) -> str:
        if not self.colour:
            return text
        if style == "bold":
            return colored(text, attrs=["bold"], force_color=True)
        return colored(text, style, force_color=True)


def _is_beside(result: Result) -> bool:
    """Whether a rule could not be judged for one reason only: it reads what GitHub holds beside the files."""
    return result.outcome is Outcome.UNSEEN and all(each.reason in (LOCALLY, NOT_KEPT) for each in result.unseen)


def _total(reports: Sequence[Report]) -> str:
    findings = sum(len(result.findings) for report in reports for result in report.results)
    unreadable = sum(len(report.snapshot.unreadable) for report in reports)
    publications = sum(len(report.snapshot.publications) for report in reports)
    parts = [count(len(reports), "repository"), count(publications, "publication"), count(findings, "finding")]
    parts += [count(unreadable, "unreadable file")] if unreadable else []
    return f"{', '.join(parts)}."
