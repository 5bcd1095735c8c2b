"""The report as an issue about one repository: what does not hold, rolled up; and the evidence with which it is closed."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from bot.evaluation.evaluate import Report, Result
from bot.model.core_types import FullName, Outcome, RuleName
from bot.model.findings import Finding, Seen
from bot.rendering.markdown import block, code, plain, prose
from bot.rendering.phrases import OUTCOMES, count, untold
from bot.rendering.reports_check_run import ICONS, fit
from bot.rendering.revocation import section
from bot.rendering.waivers import lapsed_words, stanza, waived_words

MOST_BODY = 60_000  # bytes; GitHub takes 65,536 characters, and the marker needs room
MOST_STANZAS = 20  # beyond these an issue is no place to copy waivers from; the check run has all
SHORT = 7  # characters of a commit id that people read

FOOT = (
    "<sub>Wharfinger keeps this issue: it is rewritten when the facts change and closed when they hold, with the evidence. Title and "
    "labels are yours. A comment here makes it look again. Closed by hand while something does not hold, it is opened once more.</sub>"
)


@dataclass(frozen=True, slots=True)
class IssueText:
    """What there is to say of a repository in an issue: the same facts give the same text, whatever the commit or the day."""

    repository: FullName
    title: str  # for a new issue; people may give it another
    body: str  # without the marker
    failing: tuple[RuleName, ...]
    doubtful: tuple[RuleName, ...]  # unseen or broken: neither opens nor closes anything
    evidence: str  # what is said when nothing fails any more
    evaluated: bool = True  # False: archived, gone, or no rule is in force
    certain: bool = True  # False: the policy itself could not be read, so nothing is closed


def render(report: Report, *, certain: bool = True, may_write: Collection[str] = ()) -> IssueText:
    """Put a report into the words of an issue. Pure, and free of whatever changes without a fact having changed.

    `may_write` are the permissions that let the App delete stored secrets, where they are granted.
    """
    repository = report.snapshot.repository
    if not report.results:
        return replace(no_longer(repository, "no rule of the policy is in force here"), certain=certain)
    return IssueText(
        repository=repository,
        title=plain(f"Publishing from {repository} does not follow the policy"),
        body=fit([*_blocks(report, may_write), FOOT], "part", MOST_BODY),
        failing=_of(report, Outcome.FAILED),
        doubtful=_of(report, Outcome.UNSEEN, Outcome.BROKEN),
        evidence=fit(list(_evidence(report)), "fact", MOST_BODY),
        certain=certain,
    )


def no_longer(repository: FullName, why: str) -> IssueText:
    """Say that a repository is no longer evaluated; `why` is our own sentence, without a full stop."""
    said = f"{code(repository)} is no longer evaluated: {why}."
    return IssueText(repository, "", said, (), (), said, evaluated=False)


def _of(report: Report, *outcomes: Outcome) -> tuple[RuleName, ...]:
    return tuple(result.rule.name for result in report.results if result.outcome in outcomes)


def _blocks(report: Report, may_write: Collection[str]) -> Iterator[str]:
    failed = [result for result in report.results if result.outcome is Outcome.FAILED]
    findings = sum(len(result.findings) for result in failed)
    yield (
        f"What publishes from {code(report.snapshot.repository)} does not follow the policy: "
        f"{count(findings, 'finding')} of {count(len(failed), 'rule')}."
    )
    yield _table(failed)
    if to_revoke := section(report, may_write):
        yield to_revoke
    stanzas = 0
    for result in failed:
        yield f"### {code(result.rule.name)}\n\n{prose(result.rule.title())}. Why and how: {code(f'wharfinger explain {result.rule.name}')}"
        for finding in result.findings:
            stanzas += 1
            yield _finding(report, result, finding, with_stanza=stanzas <= MOST_STANZAS)
        for lapsed in dict.fromkeys(lapsed_words(each, report) for each in result.lapsed):
            yield f"- {prose(lapsed)}."
    if also := [*_waived(report), *_unseen(report)]:
        yield "### Also\n\n" + "\n".join(also)


def _table(failed: Sequence[Result]) -> str:
    head = ["| | Rule | Severity | Mode | Findings |", "|---|---|---|---|---|"]
    rows = [
        f"| {ICONS[each.outcome]} | {code(each.rule.name)} | {each.rule.severity} | {each.rule.mode} | {len(each.findings)} |"
        for each in failed
    ]
    return "\n".join([*head, *rows])


def _finding(report: Report, result: Result, finding: Finding, *, with_stanza: bool) -> str:
    told = f"- {code(str(finding.place))} {prose(finding.message)}\n  **Next:** {prose(finding.fix)}"
    if not with_stanza:
        return told
    lines = block(stanza(report, result, finding), "yaml")
    return f"{told}\n\n<details><summary>If it has to stay: a waiver for the policy</summary>\n\n{lines}\n\n</details>"


def _waived(report: Report) -> Iterator[str]:
    for result in report.results:
        for waived in result.waived:
            yield (
                f"- {ICONS[Outcome.WAIVED]} {code(result.rule.name)}: {code(str(waived.finding.place))} "
                f"{prose(waived.finding.message)}: {prose(waived_words(waived))}"
            )


def _unseen(report: Report) -> Iterator[str]:
    unreadable = {file.file for file in report.snapshot.unreadable}
    for file in report.snapshot.unreadable:
        yield f"- {ICONS[Outcome.UNSEEN]} Could not be read: {code(file.file)}: {prose(file.reason)}"
    for each in dict.fromkeys(unseen for result in report.results for unseen in result.unseen):
        if each.what not in unreadable:
            permission = untold(each.reason, each.permission)
            remedy = f" It takes the permission {code(permission)}." if permission else ""
            yield f"- {ICONS[Outcome.UNSEEN]} Could not be seen: {prose(each.what)} ({prose(each.reason)}).{remedy}"
    for result in report.results:
        if result.fault:
            yield f"- {ICONS[Outcome.BROKEN]} {code(result.rule.name)} broke ({code(result.fault)}): our fault, and no verdict."


def _evidence(report: Report) -> Iterator[str]:
    snapshot = report.snapshot
    where = f"at {code(snapshot.commit[:SHORT])}, " if snapshot.commit else ""
    yield f"Judged {where}{snapshot.taken_at:%Y-%m-%d %H:%M} UTC; {count(len(snapshot.publications), 'publication')} found."
    rows = [f"| {ICONS[each.outcome]} | {code(each.rule.name)} | {_why(each)} |" for each in report.results]
    yield "\n".join(["| | Rule | |", "|---|---|---|", *rows])


def _why(result: Result) -> str:
    """Say what became of a rule, in a table's cell."""
    if result.outcome is Outcome.WAIVED:
        ends = min(each.waiver.expires for each in result.waived)
        approved = all(isinstance(each.waiver.approval, Seen) for each in result.waived)
        return f"waived until {ends}" + ("" if approved else "; who approved it was not seen")
    return OUTCOMES[result.outcome]
