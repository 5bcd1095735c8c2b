"""Renders a report or a policy preview as a check run within GitHub's limits."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from bot.evaluation.evaluate import Report, RuleResult
from bot.evaluation.policy_preview import PolicyPreview, RuleChange, RuleState
from bot.model.core_types import Conclusion, Mode, Outcome, RuleName, Severity
from bot.model.findings import Finding, Unknown
from bot.rendering.fix_text import FixSnippet, fix_snippets
from bot.rendering.links import DEFAULT_BRANCH, NO_LINKS, Links
from bot.rendering.markdown import plain_line
from bot.rendering.markdown_template import fit_title, render_parts
from bot.rendering.phrases import (
    OUTCOME_TEXTS,
    count,
    ineffective_waiver_text,
    missing_permission,
    outcome_text,
    summarize_outcomes,
    unused_waiver_text,
    waiver_template,
    waiver_text,
)
from bot.rendering.publish_path_diagram import render_ascii_diagram
from bot.snapshot.repository_snapshot import unread_facts

AnnotationLevel: TypeAlias = Literal["notice", "warning", "failure"]

MAX_ANNOTATION_TITLE = 255  # characters, as GitHub limits them
MAX_MESSAGE = 4_000  # GitHub takes 64 KB; nobody reads more than this beside a line
ANNOTATIONS_PER_REQUEST = 50  # annotations that one request may carry
MAX_DIAGRAM_LINES = 40  # of the drawn publish path

OUTCOME_ICONS = {
    Outcome.FAILED: "❌",
    Outcome.ERROR: "💥",
    Outcome.UNKNOWN: "❔",
    Outcome.WAIVED: "☑️",
    Outcome.PASSED: "✅",
    Outcome.NOT_APPLICABLE: "⚪",
}
WORST_FIRST = tuple(OUTCOME_ICONS)
QUIET_OUTCOMES = frozenset({Outcome.PASSED, Outcome.NOT_APPLICABLE})


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
    label="Re-check", description="Read everything and evaluate again", identifier="recheck"
)


@dataclass(frozen=True, slots=True)
class CheckRunText:
    """All that a completed check run says."""

    conclusion: Conclusion
    title: str
    summary: str
    text: str
    annotations: tuple[Annotation, ...]
    actions: tuple[CheckRunAction, ...] = (RECHECK_ACTION,)
    details_url: str = ""  # of the App's own page about the repository; empty: GitHub leads to the App's home page

    @property
    def annotation_pages(self) -> tuple[tuple[Annotation, ...], ...]:
        """The annotations by the 50 that one request may carry; at least one page, which may be empty."""
        starts = range(0, max(1, len(self.annotations)), ANNOTATIONS_PER_REQUEST)
        return tuple(self.annotations[start : start + ANNOTATIONS_PER_REQUEST] for start in starts)


def render_check_run(report: Report, links: Links = NO_LINKS) -> CheckRunText:
    """Render a report as a check run, failures first. Pure: the same report gives the same text."""
    results = results_by_severity(report)
    snippets = fix_snippets(report)
    found = [(result, finding) for result in results for finding in result.findings]
    return CheckRunText(
        conclusion=report.conclusion,
        title=fit_title(summarize_outcomes(report)),
        summary=render_parts(
            "check_run",
            "summary",
            "note",
            publications=len(report.snapshot.publications),
            modes=sorted({result.rule.mode for result in report.results}),
            loud=[result for result in results if result.outcome not in QUIET_OUTCOMES],
            quiet=[result for result in results if result.outcome in QUIET_OUTCOMES],
            icons=OUTCOME_ICONS,
            outcome_text=outcome_text,
            links=links,
            **report_notes(report),
        ),
        text=render_parts(
            "check_run",
            "text",
            "finding",
            links=links,
            repository=report.snapshot.repository,
            commit=report.snapshot.commit or DEFAULT_BRANCH,
            diagram=limit_diagram(render_ascii_diagram(report.snapshot)),
            found=[
                (result, finding, snippets.get(id(finding)), waiver_template(report, result, finding))
                for result, finding in found
            ],
        ),
        annotations=tuple(
            _annotation(result, finding, snippets.get(id(finding)))
            for result, finding in found
            if finding.location.in_file
        ),
        details_url=links.report(report.snapshot.repository),
    )


def results_by_severity(report: Report) -> list[RuleResult]:
    """List the results of a report: failed first, passed last, the most severe first."""
    return sorted(report.results, key=lambda each: (WORST_FIRST.index(each.outcome), -each.rule.severity.rank))


def report_notes(report: Report) -> dict[str, Any]:
    """Return what templates/notes.md.jinja shows: waivers, what is unknown, errors and notes on the policy."""
    snapshot = report.snapshot
    unreadable = unread_facts(snapshot)
    unknown = (each for result in report.results for each in result.unknown if each.fact not in unreadable)
    ineffective = (
        (result, ineffective_waiver_text(each, report))
        for result in report.results
        for each in result.ineffective_waivers
    )
    return {
        "repository": snapshot.repository,
        "commit": snapshot.commit or DEFAULT_BRANCH,
        "unexplained": snapshot.unexplained,
        "unreadable": snapshot.unreadable,
        "partially_read": snapshot.partially_read,
        "unknown": unknown_facts(unknown),
        "errors": [result for result in report.results if result.error],
        "waived": [(result, each, waiver_text(each)) for result in report.results for each in result.waived],
        "ineffective": list({(result.rule.name, text): None for result, text in ineffective}),
        "policy_notes": [*map(unused_waiver_text, report.unused_waivers), *report.policy.notes],
    }


def unknown_facts(unknown: Iterable[Unknown]) -> list[tuple[Unknown, str]]:
    """Return each unknown fact once, with the permission that its reason does not name already."""
    return [(each, missing_permission(each.reason, each.permission)) for each in dict.fromkeys(unknown)]


def limit_diagram(lines: list[str]) -> list[str]:
    """Return the first lines of a drawn publish path, and how many more there are."""
    more = [f"… and {len(lines) - MAX_DIAGRAM_LINES:,} more lines"] if len(lines) > MAX_DIAGRAM_LINES else []
    return [*lines[:MAX_DIAGRAM_LINES], *more]


def _annotation(result: RuleResult, finding: Finding, snippet: FixSnippet | None) -> Annotation:
    return Annotation(
        path=finding.location.file,
        start_line=finding.location.line,
        end_line=finding.location.end_line,
        annotation_level=annotation_level(result.severity_of(finding), result.rule.mode),
        title=plain_line(f"{result.rule.name}: {result.rule.title()}", MAX_ANNOTATION_TITLE),
        message=annotation_message(finding),
        raw_details="\n".join([f"{snippet.caption}:", *map(plain_line, snippet.lines)]) if snippet else None,
    )


def annotation_message(finding: Finding) -> str:
    """Write what is wrong and the fix, as plain text."""
    return plain_line(finding.message, MAX_MESSAGE) + "\n\n" + plain_line(finding.fix, MAX_MESSAGE)


def annotation_level(severity: Severity, mode: Mode) -> AnnotationLevel:
    """Return how GitHub marks a finding: only what is enforced is a failure."""
    if severity is Severity.LOW:
        return "notice"
    return "failure" if mode is Mode.ENFORCE else "warning"


BLOCKING_CONCLUSIONS = frozenset({Conclusion.FAILURE, Conclusion.ACTION_REQUIRED})
MAX_NOTES = 20


def render_policy_preview(preview: PolicyPreview, links: Links = NO_LINKS) -> CheckRunText:
    """Render a preview: green if nothing changes, else neutral. It never blocks a merge."""
    doubtful = preview.changed or preview.notes or preview.not_evaluated
    return CheckRunText(
        conclusion=Conclusion.NEUTRAL if doubtful else Conclusion.SUCCESS,
        title=fit_title(_preview_title(preview)),
        summary=render_parts(
            "policy_preview",
            "summary",
            "note",
            preview=preview,
            links=links,
            rules=_changes_by_rule(preview),
            notes=preview.notes[:MAX_NOTES],
            more_notes=max(0, len(preview.notes) - MAX_NOTES),
        ),
        text=render_parts(
            "policy_preview",
            "text",
            "repository",
            differences=preview.differences,
            state_text=_rule_state_text,
            links=links,
        ),
        annotations=(),
    )


def _preview_title(preview: PolicyPreview) -> str:
    if not preview.changed:
        return f"Changes no result in {count(preview.evaluated, 'repository')}"
    blocked = [(each.before in BLOCKING_CONCLUSIONS, each.after in BLOCKING_CONCLUSIONS) for each in preview.changed]
    newly, no_longer = blocked.count((False, True)), blocked.count((True, False))
    parts = [f"Changes results in {len(preview.changed):,} of {count(preview.evaluated, 'repository')}"]
    parts += [f"blocks {newly:,}"] if newly else []
    parts += [f"unblocks {no_longer:,}"] if no_longer else []
    return "; ".join(parts)


def _changes_by_rule(preview: PolicyPreview) -> Mapping[RuleName, str]:
    """Count by rule what would become of it."""
    kinds: dict[RuleName, Counter[str]] = {}
    for change in (change for each in preview.changed for change in each.changes):
        kinds.setdefault(change.rule, Counter())[_change_text(change)] += 1
    return {
        rule: ", ".join(f"{number:,} {kind}" for kind, number in counted.most_common())
        for rule, counted in kinds.items()
    }


def _change_text(change: RuleChange) -> str:
    """Say what becomes of a rule in one repository, after a number: `3 newly failed`."""
    before, after = change.before, change.after
    if after is None:
        return "no longer evaluated"
    text = OUTCOME_TEXTS[after.outcome]
    if before is None:
        return f"newly {text}{', enforced' if _fails_check(after) else ''}"
    if before.outcome is not after.outcome:
        return f"{text}{', enforced' if _fails_check(after) else ''}"
    if before.mode is not after.mode:
        return f"{'enforced' if after.mode is Mode.ENFORCE else 'only observed'} from now on ({text})"
    return f"with other findings ({text})"


def _fails_check(state: RuleState) -> bool:
    return state.mode is Mode.ENFORCE and state.outcome is Outcome.FAILED


def _rule_state_text(state: RuleState | None) -> str:
    if state is None:
        return "not in force"
    facts = [count(state.findings, "finding")] if state.findings else []
    facts += [f"{state.waived:,} waived"] if state.waived and state.outcome is not Outcome.WAIVED else []
    facts += ["enforced"] if state.mode is Mode.ENFORCE else []
    more = f" ({', '.join(facts)})" if facts else ""
    return f"{OUTCOME_ICONS[state.outcome]} {OUTCOME_TEXTS[state.outcome]}{more}"
