"""Selects and describes the changes that fix findings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.checks.rules.trusted_publishing import TrustedPublishing
from bot.evaluation.evaluate import Report
from bot.fixes.file_draft import unified_diff
from bot.fixes.fix_plan import Fix, FixTarget, RepositoryFixes, make_fixes, plan_fix
from bot.fixes.job_editor import FixBudget
from bot.model.findings import Location
from bot.snapshot.repository_snapshot import Snapshot

MAX_CHANGE_LINES = 120  # of one change that is shown beside a finding
MAX_CHANGE_BYTES = 50_000  # of them; GitHub takes 64 KB of details


@dataclass(frozen=True, slots=True)
class FixSnippet:
    """The change that fixes a finding, as it is shown beside it."""

    caption: str
    lines: tuple[str, ...]
    language: str


def fix_snippets(report: Report) -> Mapping[int, FixSnippet]:
    """Make and prove the fixes of a report, by the `id` of the finding of this report that each is shown beside.

    A change that fixes several findings is shown once, beside the first of them.
    """
    budget = FixBudget()
    diffs = {each.target: _single_fix_diff(each, report.snapshot, budget) for each in report_fixes(report).with_changes}
    targets: dict[tuple[str, int], list[FixTarget]] = {}
    for publication in report.snapshot.publications:
        targets.setdefault((publication.file, publication.line), []).append(FixTarget.for_publication(publication))
    snippets: dict[int, FixSnippet] = {}
    for result in report.results:
        for finding in result.findings:
            place = (finding.location.file, finding.location.line)
            if finding.suggestion is not None:
                snippets[id(finding)] = _suggestion_snippet(finding.location, finding.suggestion)
            elif isinstance(result.rule, TrustedPublishing):
                diff = next((diff for target in targets.get(place, ()) if (diff := diffs.pop(target, ""))), "")
                if diff:
                    lines = tuple(diff.rstrip("\n").split("\n"))
                    snippets[id(finding)] = _limit_snippet(FixSnippet("Suggested change", lines, "diff"))
    return snippets


def report_fixes(report: Report) -> RepositoryFixes:
    """Make and prove the fixes for what a report finds; what the policy leaves alone is left alone."""
    results = (result for result in report.results if isinstance(result.rule, TrustedPublishing))
    places = {(each.location.file, each.location.line) for result in results for each in result.findings}
    publications = (each for each in report.snapshot.publications if (each.file, each.line) in places)
    return make_fixes(report.snapshot, set(map(FixTarget.for_publication, publications)))


def describe_fix(fix: Fix) -> Iterator[str]:
    """Say what one fix changes, what to check, and what to do at the registry; raw text, a sentence a line."""
    what = f"{fix.location} → {fix.registry.name} (job {fix.target.job})"
    if fix.refusal is not None:
        yield f"{what}: no change is offered: {fix.refusal}"
        return
    yield f"{what}: changes {', '.join(fix.drafts)}"
    yield from (f"  check: {note}" for note in fix.notes)
    yield from (f"  then: {step}" for step in fix.registry_steps)


def _suggestion_snippet(location: Location, suggestion: str) -> FixSnippet:
    one_line = location.line == location.end_line
    lines = f"line {location.line}" if one_line else f"lines {location.line} to {location.end_line}"
    return _limit_snippet(FixSnippet(f"Replace {lines} with", tuple(suggestion.split("\n")), "yaml"))


def _single_fix_diff(fix: Fix, snapshot: Snapshot, budget: FixBudget) -> str:
    """Give the diff of one fix against the files that were judged, whatever others change in them."""
    mine = [each for each in snapshot.publications if FixTarget.for_publication(each) == fix.target]
    drafts = plan_fix(mine, snapshot, budget).drafts
    lines = {path: "\n".join(snapshot.workflows[path].lines).encode() for path in drafts}
    return "".join(unified_diff(path, lines[path], draft) for path, draft in drafts.items())


def _limit_snippet(snippet: FixSnippet) -> FixSnippet:
    """Cut what nobody would read; half a change is none, so it says where the whole one is."""
    size = sum(len(line.encode(errors="replace")) + 1 for line in snippet.lines)
    if len(snippet.lines) <= MAX_CHANGE_LINES and size <= MAX_CHANGE_BYTES:
        return snippet
    return FixSnippet("The suggested change is too long to show; run wharfinger scan --diff to print it", (), "text")
