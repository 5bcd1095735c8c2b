"""The report as a check run: title, summary, text and annotations, within GitHub's limits and inert."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from bot.evaluation.evaluate import Report, RuleResult
from bot.model.core_types import Conclusion, Mode, Outcome, Severity
from bot.model.findings import Finding
from bot.rendering.check_run import FindingFixes
from bot.rendering.markdown import code_block, inline_code, markdown_text, plain_line
from bot.rendering.phrases import OUTCOME_TEXTS, count, missing_permission, summarize_outcomes
from bot.rendering.picture import render_ascii_diagram
from bot.rendering.waivers import lapsed_waiver_text, unused_waiver_text, waiver_template, waiver_text

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
        f"| {OUTCOME_ICONS[result.outcome]} {OUTCOME_TEXTS[result.outcome]} | {inline_code(result.rule.name)} | {markdown_text(result.rule.title())} "
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
    unreadable = {file.file for file in report.snapshot.unreadable}
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
