"""Renders a report, its fixes or a policy preview as a check run within GitHub's limits."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from bot.checks.rules.trusted_publishing import TrustedPublishing
from bot.evaluation.evaluate import Report, RuleResult
from bot.evaluation.policy_preview import PolicyPreview, RepositoryDifference, RuleChange, RuleState
from bot.fixes.file_draft import unified_diff
from bot.fixes.fix_plan import Fix, FixTarget, RepositoryFixes, make_fixes, plan_fix
from bot.fixes.job_editor import FixBudget
from bot.model.core_types import Conclusion, Mode, Outcome, RuleName, Severity
from bot.model.findings import Finding, Location
from bot.rendering.markdown import code_block, inline_code, markdown_text, plain_line
from bot.rendering.phrases import (
    OUTCOME_TEXTS,
    count,
    lapsed_waiver_text,
    missing_permission,
    outcome_text,
    summarize_outcomes,
    unused_waiver_text,
    waiver_template,
    waiver_text,
)
from bot.rendering.publish_path_diagram import render_ascii_diagram
from bot.snapshot.repository_snapshot import Snapshot, unread_facts

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


AnnotationLevel: TypeAlias = Literal["notice", "warning", "failure"]

# Limits of GitHub's API: docs.github.com/rest/checks/runs. Held in bytes, which are never fewer than characters.
MAX_TEXT_BYTES = 65_535
MAX_TITLE = 255
MAX_MESSAGE = 4_000  # GitHub takes 64 KB; nobody reads more than this beside a line
ANNOTATIONS_PER_REQUEST = 50  # annotations that one request may carry
MAX_DIAGRAM_LINES = 40  # of the picture

OUTCOME_ICONS = {
    Outcome.PASSED: "✅",
    Outcome.FAILED: "❌",
    Outcome.WAIVED: "☑️",
    Outcome.NOT_APPLICABLE: "⚪",
    Outcome.UNKNOWN: "❔",
    Outcome.ERROR: "💥",
}


@dataclass(frozen=True, slots=True)
class Annotation:
    """One note beside lines of a file, in the words of GitHub's API."""

    path: str
    start_line: int
    end_line: int
    annotation_level: AnnotationLevel
    title: str
    message: str
    raw_details: str | None


@dataclass(frozen=True, slots=True)
class CheckRunAction:
    """A button of the check run (label 20, description 40, identifier 20 characters at most)."""

    label: str
    description: str
    identifier: str


RECHECK_ACTION = CheckRunAction(
    label="Re-check", description="Read everything again and judge anew", identifier="recheck"
)


@dataclass(frozen=True, slots=True)
class CheckRunText:
    """All that a completed check run says; `annotations` go out in `pages`."""

    conclusion: Conclusion
    title: str
    summary: str
    text: str
    annotations: tuple[Annotation, ...]
    actions: tuple[CheckRunAction, ...] = (RECHECK_ACTION,)

    @property
    def annotation_pages(self) -> tuple[tuple[Annotation, ...], ...]:
        """The annotations by the 50 that one request may carry; at least one page, which may be empty."""
        starts = range(0, max(1, len(self.annotations)), ANNOTATIONS_PER_REQUEST)
        return tuple(self.annotations[start : start + ANNOTATIONS_PER_REQUEST] for start in starts)


def render_check_run(report: Report) -> CheckRunText:
    """Put a report into the words and limits of a check run. Pure: the same report gives the same text."""
    found = [(result, finding) for result in report.results for finding in result.findings]
    mends = FindingFixes.for_report(report)
    return CheckRunText(
        conclusion=report.conclusion,
        title=plain_line(summarize_outcomes(report), MAX_TITLE),
        summary=join_blocks(
            [_modes_text(report), _outcome_table(report), *_waiver_lines(report), *_unknown_lines(report)], "fact"
        ),
        text=join_blocks(
            [*_diagram_block(report), *(_finding_block(mends, result, finding) for result, finding in found)], "finding"
        ),
        annotations=tuple(_annotation(mends, *each) for each in found if each[1].location.in_file),
    )


def join_blocks(blocks: Sequence[str], thing: str, max_bytes: int = MAX_TEXT_BYTES) -> str:
    """Join blocks of Markdown up to `most` bytes; what has no room is counted, never cut in the middle."""
    kept: list[str] = []
    room = max_bytes - len(f"\n\n… and {len(blocks):,} more {thing}s".encode())
    for index, each in enumerate(blocks):
        size = len(each.encode()) + 2
        if size > room:
            return "\n\n".join([*kept, f"… and {len(blocks) - index:,} more"])
        kept.append(each)
        room -= size
    return "\n\n".join(kept)


def _modes_text(report: Report) -> str:
    modes = {result.rule.mode for result in report.results}
    if modes == {Mode.ENFORCE}:
        said = "These rules are **enforced**: a failed or unknown rule blocks the merge."
    elif Mode.ENFORCE in modes:
        said = "Some of these rules are **enforced**; the others are only observed."
    else:
        said = "These rules are **observed**: nothing here stops a merge."
    return f"{count(len(report.snapshot.publications), 'publication')} found. {said}"


def _outcome_table(report: Report) -> str:
    rows = [
        f"| {OUTCOME_ICONS[result.outcome]} {outcome_text(result)} | {inline_code(result.rule.name)} | {markdown_text(result.rule.title())} "
        f"| {result.rule.severity} | {result.rule.mode} | {len(result.findings) or ''} |"
        for result in report.results
    ]
    head = ["| Outcome | Rule | What it asks for | Severity | Mode | Findings |", "|---|---|---|---|---|---|"]
    return "\n".join([*head, *rows])


def _unknown_lines(report: Report) -> Iterator[str]:
    """Tell what could not be seen or read, each once, and what of the policy was not followed."""
    for said, files in (
        ("Could not be read", report.snapshot.unreadable),
        ("Was read in part", report.snapshot.partially_read),
    ):
        for file in files:
            where = file.file if file.line is None else f"{file.file}:{file.line}"
            yield f"- {said}: {inline_code(where)}: {markdown_text(file.reason)}"
    for credential in report.snapshot.unexplained:
        yield f"- Unknown: {inline_code(f'{credential.file}:{credential.line}')}: {markdown_text(credential.reason)}"
    unreadable = unread_facts(report.snapshot)
    unseen = dict.fromkeys(unseen for result in report.results for unseen in result.unknown)
    for each in unseen:
        if each.fact not in unreadable:
            permission = missing_permission(each.reason, each.permission)
            remedy = f" It takes the permission {inline_code(permission)}." if permission else ""
            yield f"- Could not be seen: {markdown_text(each.fact)} ({markdown_text(each.reason)}).{remedy}"
    for result in report.results:
        if result.error:
            yield f"- {inline_code(result.rule.name)} broke ({inline_code(result.error)}): our fault, and no verdict. Please report it."
    for note in report.policy.notes:
        yield f"- Policy: {markdown_text(note)}"


def _waiver_lines(report: Report) -> Iterator[str]:
    """Tell what is waived, until when, and which waivers are in vain."""
    for result in report.results:
        for waived in result.waived:
            finding = waived.finding
            yield (
                f"- {OUTCOME_ICONS[Outcome.WAIVED]} {inline_code(result.rule.name)}: {inline_code(str(finding.location))} "
                f"{markdown_text(finding.message)}: {markdown_text(waiver_text(waived))}"
            )
        for lapsed in dict.fromkeys(lapsed_waiver_text(each, report) for each in result.ineffective_waivers):
            yield f"- {inline_code(result.rule.name)}: {markdown_text(lapsed)}."
    for waiver in report.unused_waivers:
        yield f"- Policy: {markdown_text(unused_waiver_text(waiver))}."


def _diagram_block(report: Report) -> Iterator[str]:
    lines = render_ascii_diagram(report.snapshot)
    if lines:
        more = [f"… and {len(lines) - MAX_DIAGRAM_LINES:,} more lines"] if len(lines) > MAX_DIAGRAM_LINES else []
        yield "### Publish path\n\n" + code_block([*lines[:MAX_DIAGRAM_LINES], *more])


def _finding_block(fixes: FindingFixes, result: RuleResult, finding: Finding) -> str:
    told = (
        f"### {inline_code(result.rule.name)} · {result.rule.severity}\n\n"
        f"{inline_code(str(finding.location))} {markdown_text(finding.message)}\n\n**Next:** {markdown_text(finding.fix)}"
    )
    change = fixes.snippet_for(finding)
    if change is not None:
        told += f"\n\n{change.caption}\n\n{code_block(change.lines, change.language)}"
    return f"{told}\n\n{_waiver_details(fixes.report, result, finding)}"


def _waiver_details(report: Report, result: RuleResult, finding: Finding) -> str:
    lines = code_block(waiver_template(report, result, finding), "yaml")
    return f"<details><summary>If it has to stay: a waiver for the policy</summary>\n\n{lines}\n\n</details>"


def _annotation(fixes: FindingFixes, result: RuleResult, finding: Finding) -> Annotation:
    change = fixes.snippet_for(finding)
    return Annotation(
        path=finding.location.file,
        start_line=finding.location.line,
        end_line=finding.location.end_line,
        annotation_level=_annotation_level(result),
        title=plain_line(f"{result.rule.name}: {result.rule.title()}", MAX_TITLE),
        message=plain_line(finding.message, MAX_MESSAGE) + "\n\n" + plain_line(finding.fix, MAX_MESSAGE),
        raw_details=None if change is None else "\n".join([change.caption, *map(plain_line, change.lines)]),
    )


def _annotation_level(result: RuleResult) -> AnnotationLevel:
    if result.rule.severity is Severity.LOW:
        return "notice"
    return "failure" if result.rule.mode is Mode.ENFORCE else "warning"


BLOCKING_CONCLUSIONS = frozenset({Conclusion.FAILURE, Conclusion.ACTION_REQUIRED})
MAX_NOTES = 20


def render_policy_preview(preview: PolicyPreview) -> CheckRunText:
    """Put a preview into words. Green where nothing changes; else grey, for people to look at: it never stops a merge."""
    return CheckRunText(
        conclusion=Conclusion.NEUTRAL
        if preview.changed or preview.notes or preview.not_evaluated
        else Conclusion.SUCCESS,
        title=plain_line(_preview_title(preview), MAX_TITLE),
        summary=join_blocks([_preview_text(preview), *_change_table(preview.changed), *_note_lines(preview)], "fact"),
        text=join_blocks([_repository_block(each) for each in preview.differences], "repository"),
        annotations=(),
    )


def _preview_title(preview: PolicyPreview) -> str:
    if not preview.changed:
        return f"Changes no outcome in {count(preview.evaluated, 'repository')}"
    stopped = sum(
        each.after in BLOCKING_CONCLUSIONS and each.before not in BLOCKING_CONCLUSIONS for each in preview.changed
    )
    freed = sum(
        each.before in BLOCKING_CONCLUSIONS and each.after not in BLOCKING_CONCLUSIONS for each in preview.changed
    )
    parts = [f"Changes outcomes in {len(preview.changed):,} of {count(preview.evaluated, 'repository')}"]
    parts += [f"{stopped:,} would be stopped"] if stopped else []
    parts += [f"{freed:,} would no longer be"] if freed else []
    return "; ".join(parts)


def _preview_text(preview: PolicyPreview) -> str:
    return (
        f"If {inline_code(preview.file)} were merged as it is here. Judged from the latest snapshot of each repository's default "
        "branch, with a line to GitHub that cannot write; nothing was changed. “Re-check” judges again."
    )


def _change_table(differences: Sequence[RepositoryDifference]) -> Iterator[str]:
    """Count by rule what would become of it."""
    kinds: dict[RuleName, Counter[str]] = {}
    for change in (change for each in differences for change in each.changes):
        kinds.setdefault(change.rule, Counter())[_change_text(change)] += 1
    if kinds:
        rows = [
            f"| {inline_code(rule)} | {markdown_text(', '.join(f'{number:,} {kind}' for kind, number in counted.most_common()))} |"
            for rule, counted in kinds.items()
        ]
        yield "\n".join(["| Rule | Repositories |", "|---|---|", *rows])


def _change_text(change: RuleChange) -> str:
    """Say in words what becomes of a rule in one repository."""
    before, after = change.before, change.after
    if after is None:
        return "no longer judged"
    if before is not None and before.outcome is after.outcome:
        if before.mode is not after.mode:
            verb = "enforced" if after.mode is Mode.ENFORCE else "only observed"
            return f"from now on {verb} ({OUTCOME_TEXTS[after.outcome]})"
        return f"with other findings ({OUTCOME_TEXTS[after.outcome]})"
    enforced = ", enforced" if after.mode is Mode.ENFORCE and after.outcome is Outcome.FAILED else ""
    return f"where it {'newly ' if before is None else ''}{_outcome_phrase(after.outcome)}{enforced}"


def _outcome_phrase(outcome: Outcome) -> str:
    words = OUTCOME_TEXTS[outcome]
    return words if outcome in (Outcome.PASSED, Outcome.FAILED, Outcome.UNKNOWN, Outcome.ERROR) else f"is {words}"


def _repository_block(each: RepositoryDifference) -> str:
    lines = [
        f"- {inline_code(change.rule)}: {_rule_state_text(change.before)} → {_rule_state_text(change.after)}"
        for change in each.changes
    ]
    return "\n".join([f"### {inline_code(each.repository)}: {each.before.value} → {each.after.value}", "", *lines])


def _rule_state_text(rule_state: RuleState | None) -> str:
    if rule_state is None:
        return "not in force"
    facts = [count(rule_state.findings, "finding")] if rule_state.findings else []
    facts += [f"{rule_state.waived:,} waived"] if rule_state.waived and rule_state.outcome is not Outcome.WAIVED else []
    facts += ["enforced"] if rule_state.mode is Mode.ENFORCE else []
    more = f" ({', '.join(facts)})" if facts else ""
    return f"{OUTCOME_ICONS[rule_state.outcome]} {OUTCOME_TEXTS[rule_state.outcome]}{more}"


def _note_lines(preview: PolicyPreview) -> Iterator[str]:
    if preview.hidden_differences:
        yield (
            f"- {count(len(preview.hidden_differences), 'repository')} of these not everybody may know who can read this; they are counted, "
            "and not named."
        )
    if preview.not_evaluated:
        yield (
            f"- Of {count(preview.not_evaluated, 'repository')} no snapshot is kept yet, or one of another version: what would "
            "become of them is not known. The next sweep takes one."
        )
    yield from (f"- {markdown_text(note)}" for note in preview.notes[:MAX_NOTES])
    if len(preview.notes) > MAX_NOTES:
        yield f"- … and {len(preview.notes) - MAX_NOTES:,} more notes"
