"""Alerts in words: what is added to a commit's check run, and the issue that tells of those that cannot wait."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.evaluation.change_report import ChangeReport, StoredAlert
from bot.model.core_types import Conclusion, Mode, Outcome, Severity
from bot.model.findings import Finding
from bot.rendering.markdown import inline_code, markdown_text, plain_line
from bot.rendering.phrases import count, missing_permission
from bot.rendering.reports_check_run import (
    MAX_MESSAGE,
    MAX_TITLE,
    Annotation,
    AnnotationLevel,
    CheckRunText,
    join_blocks,
)

MAX_CHANGE_ALERT_BODY = 60_000  # bytes of an issue's body
SHORT_SHA_LENGTH = 7  # characters of a commit id that people read
WORST_FIRST = (Conclusion.FAILURE, Conclusion.ACTION_REQUIRED, Conclusion.NEUTRAL)

CHANGE_ALERT_FOOTER = (
    "<sub>Wharfinger opened this because an alert of the policy asks for it (`open-issue`). It never closes it: close it when somebody has "
    "looked. What comes later is told in an issue of its own.</sub>"
)
CHANGE_ALERT_STEPS = (
    "Ask whoever is named above whether they did it, by another way than GitHub: their account may be the one that was taken.",
    "If they did not: revoke their tokens and sessions, and delete the branch or put the tag back, so that nothing runs again.",
    "Look at the workflow runs since, and rotate every secret that they could read.",
    "If they did, and it is to stay: say so in the policy, as the alert's option or as a waiver, with a review.",
)


@dataclass(frozen=True, slots=True)
class ChangeAlertText:
    """What an issue says of one change: the same facts give the same text."""

    title: str
    body: str  # without the marker


def add_change_alerts(check_run: CheckRunText, changes: Sequence[ChangeReport]) -> CheckRunText:
    """Add to a check run what is to be heard of its commit; nothing is green then, and what is enforced fails."""
    heard = [(each, one) for each in changes for one in each.alerts]
    given = [(each, one) for each, one in heard if one.outcome is Outcome.FAILED]
    if not heard:
        return check_run
    asked = {check_run.conclusion, *(one.conclusion for _, one in heard)}
    title = f"{count(len(given), 'alert')}: {given[0][1].title} · {check_run.title}" if given else check_run.title
    return replace(
        check_run,
        conclusion=next((each for each in WORST_FIRST if each in asked), Conclusion.SUCCESS),
        title=plain_line(title, MAX_TITLE),
        summary=join_blocks([_alert_summary(changes), check_run.summary], "fact"),
        text=join_blocks([*(told for _, one in given for told in _alert_findings(one)), check_run.text], "finding"),
        annotations=(*_alert_annotations([one for _, one in given]), *check_run.annotations),
    )


def render_change_alert(changes: Sequence[ChangeReport]) -> ChangeAlertText:
    """Put the alarming alerts of changes to one repository into the words of an issue."""
    alarming = [one for each in changes for one in each.alerts_needing_issue]
    first = alarming[0].title if alarming else "An alert"
    more = f" and {count(len(alarming) - 1, 'more alert')}" if len(alarming) > 1 else ""
    of = changes[0].repository if changes else ""
    steps = "\n".join(f"{number}. {step}" for number, step in enumerate(CHANGE_ALERT_STEPS, start=1))
    blocks = [f"### First steps\n\n{steps}", *_change_blocks(changes), CHANGE_ALERT_FOOTER]
    return ChangeAlertText(
        title=plain_line(f"Alert: {first}{more} ({of})"), body=join_blocks(blocks, "part", MAX_CHANGE_ALERT_BODY)
    )


def render_change_alert_update(changes: Sequence[ChangeReport]) -> str:
    """Say in a comment what was heard of later changes."""
    return join_blocks(["There is more.", *_change_blocks(changes)], "part", MAX_CHANGE_ALERT_BODY)


def _change_blocks(changes: Sequence[ChangeReport]) -> Iterator[str]:
    for each in changes:
        yield f"**What happened:** {_change_line(each)}"
        yield from (told for one in each.alerts_needing_issue for told in _alert_findings(one))


def _change_line(change: ChangeReport) -> str:
    return f"{markdown_text(change.summary)} of {inline_code(change.repository)} on {change.observed_at:%Y-%m-%d at %H:%M} UTC; commit {inline_code(change.commit[:SHORT_SHA_LENGTH])}."


def _alert_summary(changes: Sequence[ChangeReport]) -> str:
    lines = [line for each in changes if each.alerts for line in _alert_lines(each)]
    return "\n".join(["**Alerts** of what changed:", "", *lines])


def _alert_lines(change: ChangeReport) -> Iterator[str]:
    yield f"- {_change_line(change)}"
    for one in change.alerts:
        match one.outcome:
            case Outcome.FAILED:
                yield f"  - ⚠️ {inline_code(one.name)} · {one.severity} · {one.mode}: {markdown_text(one.title)} ({len(one.findings)})"
            case Outcome.WAIVED:
                yield f"  - ☑️ {inline_code(one.name)}: waived"
            case _:
                pass
        for unseen in one.unknown:
            permission = missing_permission(unseen.reason, unseen.permission)
            remedy = f" It takes the permission {inline_code(permission)}." if permission else ""
            yield f"  - ❔ {inline_code(one.name)}: could not be seen: {markdown_text(unseen.fact)} ({markdown_text(unseen.reason)}).{remedy}"
        if one.error is not None:
            yield f"  - 💥 {inline_code(one.name)} broke ({inline_code(one.error)}): our fault, and no verdict. Please report it."


def _alert_findings(alert: StoredAlert) -> Iterator[str]:
    for finding in alert.findings:
        yield (
            f"### {inline_code(alert.name)} · {alert.severity}\n\n"
            f"{inline_code(str(finding.location))} {markdown_text(finding.message)}\n\n**Next:** {markdown_text(finding.fix)}"
        )


def _alert_annotations(alerts: Sequence[StoredAlert]) -> Iterator[Annotation]:
    for one in alerts:
        yield from (_alert_annotation(one, finding) for finding in one.findings if finding.location.in_file)


def _alert_annotation(alert: StoredAlert, finding: Finding) -> Annotation:
    return Annotation(
        path=finding.location.file,
        start_line=finding.location.line,
        end_line=finding.location.end_line,
        annotation_level=_alert_level(alert),
        title=plain_line(f"{alert.name}: {alert.title}", MAX_TITLE),
        message=plain_line(finding.message, MAX_MESSAGE) + "\n\n" + plain_line(finding.fix, MAX_MESSAGE),
        raw_details=None,
    )


def _alert_level(alert: StoredAlert) -> AnnotationLevel:
    if alert.severity is Severity.LOW:
        return "notice"
    return "failure" if alert.mode is Mode.ENFORCE else "warning"
