"""Fixes in words: for which findings there is a change, the change itself, and what is left to a person."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.checks.rules.trusted_publishing import TrustedPublishing
from bot.evaluation.evaluate import Report
from bot.fixes.fix_plan import Fix, FixTarget
from bot.fixes.fix_verification import RepositoryFixes, make_fixes
from bot.fixes.job_editor import FixBudget
from bot.fixes.patch import unified_diff
from bot.fixes.plan import plan_fix
from bot.model.findings import Finding, Location
from bot.snapshot.repository_snapshot import Snapshot

MAX_CHANGE_LINES = 120  # of one change that is shown beside a finding
MAX_CHANGE_BYTES = 50_000  # of them; GitHub takes 64 KB of details


@dataclass(frozen=True, slots=True)
class FixSnippet:
    """What mends a finding, as it is shown beside it."""

    caption: str
    lines: list[str]
    language: str


@dataclass(frozen=True, slots=True)
class FindingFixes:
    """A report's fixes, and which finding each of them mends."""

    report: Report
    fixes: RepositoryFixes
    snippets: Mapping[int, FixSnippet]

    @classmethod
    def for_report(cls, report: Report) -> "FindingFixes":
        """Make and prove the fixes of a report; each is shown once, beside the first finding that it mends."""
        fixes = report_fixes(report)
        budget = FixBudget()
        made = {fix.target: _single_fix_diff(fix, report.snapshot, budget) for fix in fixes.with_changes}
        targets: dict[tuple[str, int], list[FixTarget]] = {}
        for publication in report.snapshot.publications:
            targets.setdefault((publication.file, publication.line), []).append(FixTarget.for_publication(publication))
        changes: dict[int, FixSnippet] = {}
        for result in report.results:
            for finding in result.findings:
                if finding.suggestion is not None:
                    changes[id(finding)] = _suggestion_snippet(finding.location, finding.suggestion)
                elif isinstance(result.rule, TrustedPublishing):
                    here = targets.get((finding.location.file, finding.location.line), ())
                    text = next((text for each in here if (text := made.pop(each, ""))), "")
                    if text:
                        changes[id(finding)] = _limit_snippet(
                            FixSnippet("The change that mends it:", text.rstrip("\n").split("\n"), "diff")
                        )
        return cls(report, fixes, changes)

    def snippet_for(self, finding: Finding) -> FixSnippet | None:
        """Give what mends a finding of this very report."""
        return self.snippets.get(id(finding))


def report_fixes(report: Report) -> RepositoryFixes:
    """Make and prove the fixes for what a report finds; what the policy leaves alone is left alone."""
    places = {
        (finding.location.file, finding.location.line)
        for result in report.results
        if isinstance(result.rule, TrustedPublishing)
        for finding in result.findings
    }
    publications = report.snapshot.publications if places else ()
    return make_fixes(
        report.snapshot, {FixTarget.for_publication(each) for each in publications if (each.file, each.line) in places}
    )


def describe_fix(fix: Fix) -> Iterator[str]:
    """Say what one fix changes, what it leaves to a person, and what to do on the registry's side; raw text, a sentence a line."""
    what = f"{fix.location} → {fix.registry.name} (job {fix.target.job})"
    if fix.refusal is not None:
        yield f"{what}: no change is offered: {fix.refusal}"
        return
    yield f"{what}: a change of {', '.join(fix.drafts)}"
    yield from (f"  see to it: {note}" for note in fix.notes)
    yield from (f"  then: {step}" for step in fix.registry_steps)


def _suggestion_snippet(location: Location, suggestion: str) -> FixSnippet:
    which = (
        f"line {location.line}"
        if location.line == location.end_line
        else f"lines {location.line} to {location.end_line}"
    )
    return _limit_snippet(FixSnippet(f"Instead of {which}:", suggestion.split("\n"), "yaml"))


def _single_fix_diff(fix: Fix, snapshot: Snapshot, budget: FixBudget) -> str:
    """Give the diff of one fix against the files that were judged, whatever others change in them."""
    mine = [each for each in snapshot.publications if FixTarget.for_publication(each) == fix.target]
    drafts = plan_fix(mine, snapshot, budget).drafts
    lines = {path: "\n".join(snapshot.workflows[path].lines).encode() for path in drafts}
    return "".join(unified_diff(path, lines[path], draft) for path, draft in drafts.items())


def _limit_snippet(snippet: FixSnippet) -> FixSnippet:
    """Cut what nobody would read; half a change is none, so it says where the whole one is."""
    if (
        len(snippet.lines) <= MAX_CHANGE_LINES
        and sum(len(line.encode(errors="replace")) + 1 for line in snippet.lines) <= MAX_CHANGE_BYTES
    ):
        return snippet
    return FixSnippet(
        "The change that mends it is too long to be shown here: wharfinger scan --diff prints it.", [], "text"
    )
