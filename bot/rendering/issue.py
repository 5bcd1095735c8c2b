"""The report as an issue about one repository: what does not hold, rolled up; and the evidence with which it is closed."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from bot.evaluation.evaluate import Report, RuleResult
from bot.model.core_types import FullName, Outcome, RuleName
from bot.model.findings import Finding, Known
from bot.rendering.markdown import code_block, inline_code, markdown_text, plain_line
from bot.rendering.phrases import OUTCOME_TEXTS, count, missing_permission
from bot.rendering.reports_check_run import OUTCOME_ICONS, join_blocks
from bot.rendering.revocation import revocation_section
from bot.rendering.waivers import lapsed_waiver_text, waiver_template, waiver_text

MAX_ISSUE_BODY = 60_000  # bytes; GitHub takes 65,536 characters, and the marker needs room
MAX_WAIVER_TEMPLATES = 20  # beyond these an issue is no place to copy waivers from; the check run has all
SHORT_SHA_LENGTH = 7  # characters of a commit id that people read

ISSUE_FOOTER = (
    "<sub>Wharfinger keeps this issue: it is rewritten when the facts change and closed when they hold, with the evidence. Title and "
    "labels are yours. A comment here makes it look again. Closed by hand while something does not hold, it is opened once more.</sub>"
)


@dataclass(frozen=True, slots=True)
class IssueText:
    """What there is to say of a repository in an issue: the same facts give the same text, whatever the commit or the day."""

    repository: FullName
    title: str  # for a new issue; people may give it another
    body: str  # without the marker
    failed_rules: tuple[RuleName, ...]
    unknown_rules: tuple[RuleName, ...]  # unknown or broken: neither opens nor closes anything
    closing_comment: str  # what is said when nothing fails any more
    evaluated: bool = True  # False: archived, gone, or no rule is in force
    policy_readable: bool = True  # False: the policy itself could not be read, so nothing is closed


def render_issue(report: Report, *, policy_readable: bool = True, write_permissions: Collection[str] = ()) -> IssueText:
    """Put a report into the words of an issue. Pure, and free of whatever changes without a fact having changed.

    `may_write` are the permissions that let the App delete stored secrets, where they are granted.
    """
    repository = report.snapshot.repository
    if not report.results:
        return replace(
            render_not_evaluated(repository, "no rule of the policy is in force here"), policy_readable=policy_readable
        )
    return IssueText(
        repository=repository,
        title=plain_line(f"Publishing from {repository} does not follow the policy"),
        body=join_blocks([*_issue_blocks(report, write_permissions), ISSUE_FOOTER], "part", MAX_ISSUE_BODY),
        failed_rules=_rules_with_outcome(report, Outcome.FAILED),
        unknown_rules=_rules_with_outcome(report, Outcome.UNKNOWN, Outcome.ERROR),
        closing_comment=join_blocks(list(_closing_blocks(report)), "fact", MAX_ISSUE_BODY),
        policy_readable=policy_readable,
    )


def render_not_evaluated(repository: FullName, reason: str) -> IssueText:
    """Say that a repository is no longer evaluated; `why` is our own sentence, without a full stop."""
    said = f"{inline_code(repository)} is no longer evaluated: {reason}."
    return IssueText(repository, "", said, (), (), said, evaluated=False)


def _rules_with_outcome(report: Report, *outcomes: Outcome) -> tuple[RuleName, ...]:
    return tuple(result.rule.name for result in report.results if result.outcome in outcomes)


def _issue_blocks(report: Report, write_permissions: Collection[str]) -> Iterator[str]:
    failed = [result for result in report.results if result.outcome is Outcome.FAILED]
    findings = sum(len(result.findings) for result in failed)
    yield (
        f"What publishes from {inline_code(report.snapshot.repository)} does not follow the policy: "
        f"{count(findings, 'finding')} of {count(len(failed), 'rule')}."
    )
    yield _failed_rules_table(failed)
    if to_revoke := revocation_section(report, write_permissions):
        yield to_revoke
    stanzas = 0
    for result in failed:
        yield f"### {inline_code(result.rule.name)}\n\n{markdown_text(result.rule.title())}. Why and how: {inline_code(f'wharfinger explain {result.rule.name}')}"
        for finding in result.findings:
            stanzas += 1
            yield _finding_item(report, result, finding, with_waiver_template=stanzas <= MAX_WAIVER_TEMPLATES)
        for lapsed in dict.fromkeys(lapsed_waiver_text(each, report) for each in result.ineffective_waivers):
            yield f"- {markdown_text(lapsed)}."
    if also := [*_waived_lines(report), *_unknown_lines(report)]:
        yield "### Also\n\n" + "\n".join(also)


def _failed_rules_table(failed: Sequence[RuleResult]) -> str:
    head = ["| | Rule | Severity | Mode | Findings |", "|---|---|---|---|---|"]
    rows = [
        f"| {OUTCOME_ICONS[each.outcome]} | {inline_code(each.rule.name)} | {each.rule.severity} | {each.rule.mode} | {len(each.findings)} |"
        for each in failed
    ]
    return "\n".join([*head, *rows])


def _finding_item(report: Report, result: RuleResult, finding: Finding, *, with_waiver_template: bool) -> str:
    told = f"- {inline_code(str(finding.location))} {markdown_text(finding.message)}\n  **Next:** {markdown_text(finding.fix)}"
    if not with_waiver_template:
        return told
    lines = code_block(waiver_template(report, result, finding), "yaml")
    return f"{told}\n\n<details><summary>If it has to stay: a waiver for the policy</summary>\n\n{lines}\n\n</details>"


def _waived_lines(report: Report) -> Iterator[str]:
    for result in report.results:
        for waived in result.waived:
            yield (
                f"- {OUTCOME_ICONS[Outcome.WAIVED]} {inline_code(result.rule.name)}: {inline_code(str(waived.finding.location))} "
                f"{markdown_text(waived.finding.message)}: {markdown_text(waiver_text(waived))}"
            )


def _unknown_lines(report: Report) -> Iterator[str]:
    unreadable = {file.file for file in report.snapshot.unreadable}
    for file in report.snapshot.unreadable:
        yield f"- {OUTCOME_ICONS[Outcome.UNKNOWN]} Could not be read: {inline_code(file.file)}: {markdown_text(file.reason)}"
    for each in dict.fromkeys(unseen for result in report.results for unseen in result.unknown):
        if each.fact not in unreadable:
            permission = missing_permission(each.reason, each.permission)
            remedy = f" It takes the permission {inline_code(permission)}." if permission else ""
            yield f"- {OUTCOME_ICONS[Outcome.UNKNOWN]} Could not be seen: {markdown_text(each.fact)} ({markdown_text(each.reason)}).{remedy}"
    for result in report.results:
        if result.error:
            yield f"- {OUTCOME_ICONS[Outcome.ERROR]} {inline_code(result.rule.name)} broke ({inline_code(result.error)}): our fault, and no verdict."


def _closing_blocks(report: Report) -> Iterator[str]:
    snapshot = report.snapshot
    where = f"at {inline_code(snapshot.commit[:SHORT_SHA_LENGTH])}, " if snapshot.commit else ""
    yield f"Judged {where}{snapshot.taken_at:%Y-%m-%d %H:%M} UTC; {count(len(snapshot.publications), 'publication')} found."
    rows = [
        f"| {OUTCOME_ICONS[each.outcome]} | {inline_code(each.rule.name)} | {_outcome_text(each)} |"
        for each in report.results
    ]
    yield "\n".join(["| | Rule | |", "|---|---|---|", *rows])


def _outcome_text(result: RuleResult) -> str:
    """Say what became of a rule, in a table's cell."""
    if result.outcome is Outcome.WAIVED:
        ends = min(each.waiver.expires for each in result.waived)
        approved = all(isinstance(each.waiver.approval, Known) for each in result.waived)
        return f"waived until {ends}" + ("" if approved else "; who approved it was not seen")
    return OUTCOME_TEXTS[result.outcome]
