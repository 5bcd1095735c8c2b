"""The report as a check run: title, summary, text and annotations, within GitHub's limits and inert."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from bot.evaluation.evaluate import Report, Result
from bot.model.core_types import Conclusion, Mode, Outcome, Severity
from bot.model.findings import Finding
from bot.rendering.check_run import Mending
from bot.rendering.markdown import block, code, plain, prose
from bot.rendering.phrases import OUTCOMES, count, untold, verdict
from bot.rendering.picture import picture
from bot.rendering.waivers import idle_words, lapsed_words, stanza, waived_words

Level: TypeAlias = Literal["notice", "warning", "failure"]

# Limits of GitHub's API: docs.github.com/rest/checks/runs. Held in bytes, which are never fewer than characters.
MOST_TEXT = 65_535
MOST_TITLE = 255
MOST_MESSAGE = 4_000  # GitHub takes 64 KB; nobody reads more than this beside a line
PAGE = 50  # annotations that one request may carry
MOST_LINES = 40  # of the picture

ICONS = {
    Outcome.PASSED: "✅",
    Outcome.FAILED: "❌",
    Outcome.WAIVED: "☑️",
    Outcome.NOT_APPLICABLE: "⚪",
    Outcome.UNSEEN: "❔",
    Outcome.BROKEN: "💥",
}


@dataclass(frozen=True, slots=True)
class Annotation:
    """One note beside lines of a file, in the words of GitHub's API."""

    path: str
    start_line: int
    end_line: int
    annotation_level: Level
    title: str
    message: str
    raw_details: str | None


@dataclass(frozen=True, slots=True)
class Action:
    """A button of the check run (label 20, description 40, identifier 20 characters at most)."""

    label: str
    description: str
    identifier: str


RECHECK = Action(label="Re-check", description="Read everything again and judge anew", identifier="recheck")


@dataclass(frozen=True, slots=True)
class CheckRunText:
    """All that a completed check run says; `annotations` go out in `pages`."""

    conclusion: Conclusion
    title: str
    summary: str
    text: str
    annotations: tuple[Annotation, ...]
    actions: tuple[Action, ...] = (RECHECK,)

    @property
    def pages(self) -> tuple[tuple[Annotation, ...], ...]:
        """The annotations by the 50 that one request may carry; at least one page, which may be empty."""
        starts = range(0, max(1, len(self.annotations)), PAGE)
        return tuple(self.annotations[start : start + PAGE] for start in starts)


def render(report: Report) -> CheckRunText:
    """Put a report into the words and limits of a check run. Pure: the same report gives the same text."""
    found = [(result, finding) for result in report.results for finding in result.findings]
    mends = Mending.of(report)
    return CheckRunText(
        conclusion=report.conclusion,
        title=plain(verdict(report), MOST_TITLE),
        summary=fit([_intention(report), _table(report), *_waivers(report), *_kept_from_us(report)], "fact"),
        text=fit([*_picture(report), *(_told(mends, result, finding) for result, finding in found)], "finding"),
        annotations=tuple(_annotation(mends, *each) for each in found if each[1].place.in_file),
    )


def fit(blocks: Sequence[str], thing: str, most: int = MOST_TEXT) -> str:
    """Join blocks of Markdown up to `most` bytes; what has no room is counted, never cut in the middle."""
    kept: list[str] = []
    room = most - len(f"\n\n… and {len(blocks):,} more {thing}s".encode())
    for index, each in enumerate(blocks):
        size = len(each.encode()) + 2
        if size > room:
            return "\n\n".join([*kept, f"… and {len(blocks) - index:,} more"])
        kept.append(each)
        room -= size
    return "\n\n".join(kept)


def _intention(report: Report) -> str:
    modes = {result.rule.mode for result in report.results}
    if modes == {Mode.ENFORCE}:
        said = "These rules are **enforced**: what does not hold, and what cannot be seen, stops the merge."
    elif Mode.ENFORCE in modes:
        said = "Some of these rules are **enforced**; the others are only observed."
    else:
        said = "These rules are **observed**: nothing here stops a merge."
    return f"{count(len(report.snapshot.publications), 'publication')} found. {said}"


def _table(report: Report) -> str:
    rows = [
        f"| {ICONS[result.outcome]} {OUTCOMES[result.outcome]} | {code(result.rule.name)} | {prose(result.rule.title())} "
        f"| {result.rule.severity} | {result.rule.mode} | {len(result.findings) or ''} |"
        for result in report.results
    ]
    head = ["| Outcome | Rule | What it asks for | Severity | Mode | Findings |", "|---|---|---|---|---|---|"]
    return "\n".join([*head, *rows])


def _kept_from_us(report: Report) -> Iterator[str]:
    """Tell what could not be seen or read, each once, and what of the policy was not followed."""
    for said, files in (
        ("Could not be read", report.snapshot.unreadable),
        ("Was read in part", report.snapshot.partly),
    ):
        for file in files:
            where = file.file if file.line is None else f"{file.file}:{file.line}"
            yield f"- {said}: {code(where)}: {prose(file.reason)}"
    unreadable = {file.file for file in report.snapshot.unreadable}
    unseen = dict.fromkeys(unseen for result in report.results for unseen in result.unseen)
    for each in unseen:
        if each.what not in unreadable:
            permission = untold(each.reason, each.permission)
            remedy = f" It takes the permission {code(permission)}." if permission else ""
            yield f"- Could not be seen: {prose(each.what)} ({prose(each.reason)}).{remedy}"
    for result in report.results:
        if result.fault:
            yield f"- {code(result.rule.name)} broke ({code(result.fault)}): our fault, and no verdict. Please report it."
    for note in report.policy.notes:
        yield f"- Policy: {prose(note)}"


def _waivers(report: Report) -> Iterator[str]:
    """Tell what is waived, until when, and which waivers are in vain."""
    for result in report.results:
        for waived in result.waived:
            finding = waived.finding
            yield (
                f"- {ICONS[Outcome.WAIVED]} {code(result.rule.name)}: {code(str(finding.place))} "
                f"{prose(finding.message)}: {prose(waived_words(waived))}"
            )
        for lapsed in dict.fromkeys(lapsed_words(each, report) for each in result.lapsed):
            yield f"- {code(result.rule.name)}: {prose(lapsed)}."
    for waiver in report.idle_waivers:
        yield f"- Policy: {prose(idle_words(waiver))}."


def _picture(report: Report) -> Iterator[str]:
    lines = picture(report.snapshot)
    if lines:
        more = [f"… and {len(lines) - MOST_LINES:,} more lines"] if len(lines) > MOST_LINES else []
        yield "### Publish path\n\n" + block([*lines[:MOST_LINES], *more])


def _told(mends: Mending, result: Result, finding: Finding) -> str:
    told = (
        f"### {code(result.rule.name)} · {result.rule.severity}\n\n"
        f"{code(str(finding.place))} {prose(finding.message)}\n\n**Next:** {prose(finding.fix)}"
    )
    change = mends.change(finding)
    if change is not None:
        told += f"\n\n{change.said}\n\n{block(change.lines, change.language)}"
    return f"{told}\n\n{_waive(mends.report, result, finding)}"


def _waive(report: Report, result: Result, finding: Finding) -> str:
    lines = block(stanza(report, result, finding), "yaml")
    return f"<details><summary>If it has to stay: a waiver for the policy</summary>\n\n{lines}\n\n</details>"


def _annotation(mends: Mending, result: Result, finding: Finding) -> Annotation:
    change = mends.change(finding)
    return Annotation(
        path=finding.place.file,
        start_line=finding.place.line,
        end_line=finding.place.end_line,
        annotation_level=_level(result),
        title=plain(f"{result.rule.name}: {result.rule.title()}", MOST_TITLE),
        message=plain(finding.message, MOST_MESSAGE) + "\n\n" + plain(finding.fix, MOST_MESSAGE),
        raw_details=None if change is None else "\n".join([change.said, *map(plain, change.lines)]),
    )


def _level(result: Result) -> Level:
    if result.rule.severity is Severity.LOW:
        return "notice"
    return "failure" if result.rule.mode is Mode.ENFORCE else "warning"
