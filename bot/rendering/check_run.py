"""Fixes in words: for which findings there is a change, the change itself, and what is left to a person."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.checks.rules.trusted_publishing import TrustedPublishing
from bot.evaluation.evaluate import Report
from bot.fixes.fix_plan import Fix, Target
from bot.fixes.fix_verification import Mended, mended
from bot.fixes.job_editor import Budget
from bot.fixes.patch import unified
from bot.fixes.plan import plan
from bot.model.findings import Finding, Place
from bot.snapshot.repository_snapshot import Snapshot

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
        """Make and prove the fixes of a report; each is shown once, beside the first finding that it mends."""
        fixes = fixes_of(report)
        budget = Budget()
        made = {fix.target: _alone(fix, report.snapshot, budget) for fix in fixes.made}
        targets: dict[tuple[str, int], list[Target]] = {}
        for publication in report.snapshot.publications:
            targets.setdefault((publication.file, publication.line), []).append(Target.of(publication))
        changes: dict[int, Change] = {}
        for result in report.results:
            for finding in result.findings:
                if finding.suggestion is not None:
                    changes[id(finding)] = _instead(finding.place, finding.suggestion)
                elif isinstance(result.rule, TrustedPublishing):
                    here = targets.get((finding.place.file, finding.place.line), ())
                    text = next((text for each in here if (text := made.pop(each, ""))), "")
                    if text:
                        changes[id(finding)] = _fitting(
                            Change("The change that mends it:", text.rstrip("\n").split("\n"), "diff")
                        )
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


def words(fix: Fix) -> Iterator[str]:
    """Say what one fix changes, what it leaves to a person, and what to do on the registry's side; raw text, a sentence a line."""
    what = f"{fix.place} → {fix.registry.name} (job {fix.target.job})"
    if fix.refusal is not None:
        yield f"{what}: no change is offered: {fix.refusal}"
        return
    yield f"{what}: a change of {', '.join(fix.drafts)}"
    yield from (f"  see to it: {note}" for note in fix.notes)
    yield from (f"  then: {step}" for step in fix.there)


def _instead(place: Place, suggestion: str) -> Change:
    which = f"line {place.line}" if place.line == place.end_line else f"lines {place.line} to {place.end_line}"
    return _fitting(Change(f"Instead of {which}:", suggestion.split("\n"), "yaml"))


def _alone(fix: Fix, snapshot: Snapshot, budget: Budget) -> str:
    """Give the diff of one fix against the files that were judged, whatever others change in them."""
    mine = [each for each in snapshot.publications if Target.of(each) == fix.target]
    drafts = plan(mine, snapshot, budget).drafts
    lines = {path: "\n".join(snapshot.workflows[path].lines).encode() for path in drafts}
    return "".join(unified(path, lines[path], draft) for path, draft in drafts.items())


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
