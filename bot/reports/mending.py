"""Fixes in words: for which findings there is a change, the change itself, and what is left to a person."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.evaluate import Report
from bot.findings import Finding
from bot.fixes import Fix, Mended, Target, mended, plan, unified
from bot.fixes.draft import Draft
from bot.repository import Snapshot
from bot.rules.trusted_publishing import TrustedPublishing

MOST_LINES = 120  # of one change that is shown beside a finding
MOST_BYTES = 50_000  # of them; GitHub takes 64 KB of details


@dataclass(frozen=True, slots=True)
class Change:
    """What mends a finding, as it is shown beside it."""

    said: str
    lines: list[str]
    language: str


@dataclass(frozen=True, slots=True)
class Mending:
    """A report's fixes, and which finding each of them mends."""

    report: Report
    fixes: Mended
    changes: Mapping[int, Change]

    @classmethod
    def of(cls, report: Report) -> "Mending":
        """Make and prove the fixes of a report."""
        fixes = fixes_of(report)
        findings = [finding for result in report.results for finding in result.findings]
        changes = {id(finding): change for finding in findings if (change := _change(finding, report, fixes))}
        return cls(report, fixes, changes)

    def change(self, finding: Finding) -> Change | None:
        """Give what mends a finding of this very report."""
        return self.changes.get(id(finding))


def fixes_of(report: Report) -> Mended:
    """Make and prove the fixes for what a report finds; what the policy leaves alone is left alone."""
    places = {
        (finding.place.file, finding.place.line)
        for result in report.results
        if isinstance(result.rule, TrustedPublishing)
        for finding in result.findings
    }
    publications = report.snapshot.publications if places else ()
    return mended(report.snapshot, {Target.of(each) for each in publications if (each.file, each.line) in places})


def diffs(drafts: Mapping[str, Draft], snapshot: Snapshot) -> Iterator[str]:
    """Give the changes of workflows as diffs against the lines that were judged."""
    for path, draft in drafts.items():
        yield unified(path, "\n".join(snapshot.workflows[path].lines).encode(), draft)


def words(fix: Fix) -> Iterator[str]:
    """Say what one fix changes, what it leaves to a person, and what to do on the registry's side; raw text, a sentence a line."""
    what = f"{fix.place} → {fix.registry.name} (job {fix.target.job})"
    if fix.refusal is not None:
        yield f"{what}: no change is offered: {fix.refusal}"
        return
    yield f"{what}: a change of {', '.join(fix.drafts)}"
    yield from (f"  see to it: {note}" for note in fix.notes)
    yield from (f"  then: {step}" for step in fix.there)


def _change(finding: Finding, report: Report, fixes: Mended) -> Change | None:
    """Give lines to stand instead of the finding's own where that is all, else a diff that stands by itself."""
    place = finding.place
    if finding.suggestion is not None:
        which = f"line {place.line}" if place.line == place.end_line else f"lines {place.line} to {place.end_line}"
        return _fitting(Change(f"Instead of {which}:", finding.suggestion.split("\n"), "yaml"))
    made = {fix.target for fix in fixes.made}
    here = [
        p for p in report.snapshot.publications if (p.file, p.line) == (place.file, place.line) and Target.of(p) in made
    ]
    if not here or not _speaks_of(finding, report):
        return None
    target = Target.of(here[0])
    alone = plan([each for each in report.snapshot.publications if Target.of(each) == target], report.snapshot)
    text = "".join(diffs(alone.drafts, report.snapshot))
    return _fitting(Change("The change that mends it:", text.rstrip("\n").split("\n"), "diff")) if text else None


def _speaks_of(finding: Finding, report: Report) -> bool:
    """Whether a finding is about the token; other rules find other things on the same line."""
    return any(
        isinstance(result.rule, TrustedPublishing) and any(each is finding for each in result.findings)
        for result in report.results
    )


def _fitting(change: Change) -> Change:
    """Cut what nobody would read; half a change is none, so it says where the whole one is."""
    if (
        len(change.lines) <= MOST_LINES
        and sum(len(line.encode(errors="replace")) + 1 for line in change.lines) <= MOST_BYTES
    ):
        return change
    return Change(
        "The change that mends it is too long to be shown here: wharfinger scan --diff prints it.", [], "text"
    )
