"""The check run "release": each version that a tag stands for, whether it is accounted for, and the chain of evidence."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.evaluation.evaluate import Report
from bot.model.core_types import Conclusion, Mode, Outcome
from bot.model.findings import Unknown, join_names
from bot.packages.versions import Package, TraceStatus
from bot.rendering.markdown import inline_code, markdown_text, plain_line
from bot.rendering.phrases import OUTCOME_TEXTS, count, missing_permission
from bot.rendering.release import trace_links
from bot.rendering.reports_check_run import MAX_TITLE, OUTCOME_ICONS, CheckRunText, join_blocks
from bot.tracing import VersionTrace

STATUS_ICONS = {TraceStatus.TRACED: "✅", TraceStatus.PENDING: "⏳", TraceStatus.UNTRACED: "❌"}
TRACEABLE_VERSIONS = "traceable-versions"  # the rule that the standings tell of
STATUS_TEXTS = {
    TraceStatus.TRACED: "accounted for",
    TraceStatus.PENDING: "not accounted for yet",
    TraceStatus.UNTRACED: "not accounted for",
}


@dataclass(frozen=True, slots=True)
class AwaitedVersion:
    """A version that a tag announces and that its registry does not have, or that nobody could ask for."""

    package: Package
    number: str
    reason: str  # one sentence without its full stop


@dataclass(frozen=True, slots=True)
class ReleaseStatus:
    """What a tag stands for, so far."""

    tag: str
    traces: tuple[VersionTrace, ...]
    awaited: tuple[AwaitedVersion, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether nothing more is to be waited for."""
        return not self.awaited and all(each.status is not TraceStatus.PENDING for each in self.traces)


def render_release(release: ReleaseStatus, report: Report) -> CheckRunText:
    """Say what became of a release; `report` is the judgement of the rules about evidence on its accounts alone."""
    return CheckRunText(
        conclusion=_release_conclusion(release, report),
        title=plain_line(f"{release.tag}: {_status_text(release)}{_failed_rules(report)}", MAX_TITLE),
        summary=join_blocks([_mode_text(report), _version_table(release), *_rule_lines(report)], "fact"),
        text=join_blocks([_trace_block(each) for each in release.traces], "version"),
        annotations=(),
    )


def _release_conclusion(release: ReleaseStatus, report: Report) -> Conclusion:
    """Say at once what is certain; while something is awaited, nothing is green, and nothing is stopped for that."""
    found = report.conclusion
    if found is Conclusion.FAILURE or release.is_complete:
        return found
    return Conclusion.NEUTRAL


def _status_text(release: ReleaseStatus) -> str:
    accounts, awaited = release.traces, len(release.awaited)
    whole = len(accounts) + awaited
    by_standing = {standing: sum(each.status is standing for each in accounts) for standing in TraceStatus}
    if whole == by_standing[TraceStatus.TRACED]:
        return f"{count(whole, 'version')} accounted for"
    told = [f"{number} {STATUS_TEXTS[standing]}" for standing, number in by_standing.items() if number]
    if awaited:
        told.append(f"{awaited} not on the registry yet")
    return f"of {count(whole, 'version')}, {', '.join(told)}"


def _failed_rules(report: Report) -> str:
    """Name what fails the check beside a version that is not accounted for, which is said already."""
    rules = [each.rule.name for each in report.results if each.outcome is Outcome.FAILED]
    others = [name for name in rules if name != TRACEABLE_VERSIONS]
    return f"; {join_names(others)} failed" if others else ""


def _mode_text(report: Report) -> str:
    modes = {result.rule.mode for result in report.results}
    if Mode.ENFORCE in modes:
        return "Each failed rule fails this check."
    return "The rules about evidence are **observed**: nothing here fails this check."


def _version_table(release: ReleaseStatus) -> str:
    rows = [
        f"| {STATUS_ICONS[each.status]} {STATUS_TEXTS[each.status]} | {markdown_text(str(each.version.package))} | {markdown_text(each.version.number)} | {_reasons_text(each)} |"
        for each in release.traces
    ]
    rows += [
        f"| ⏳ awaited | {markdown_text(str(each.package))} | {markdown_text(each.number)} | {markdown_text(each.reason)} |"
        for each in release.awaited
    ]
    return "\n".join(["| Standing | Package | Version | Why |", "|---|---|---|---|", *rows])


def _reasons_text(trace: VersionTrace) -> str:
    said = [markdown_text(reason.text) for reason in trace.reasons] or [markdown_text(remark) for remark in trace.notes]
    return "<br>".join(said)


def _rule_lines(report: Report) -> Iterator[str]:
    for result in report.results:
        yield f"- {OUTCOME_ICONS[result.outcome]} {OUTCOME_TEXTS[result.outcome]}: {inline_code(result.rule.name)} {markdown_text(result.rule.title())}"
        for finding in result.findings:
            yield f"  - {markdown_text(finding.message)}. **Next:** {markdown_text(finding.fix)}"
        for unseen in result.unknown:
            yield f"  - {_unknown_text(unseen)}"
        if result.outcome is Outcome.ERROR and result.error:
            yield f"  - it broke ({inline_code(result.error)}): our fault, and no verdict"


def _unknown_text(unknown: Unknown) -> str:
    permission = missing_permission(unknown.reason, unknown.permission)
    remedy = f" It takes the permission {inline_code(permission)}." if permission else ""
    return f"{markdown_text(unknown.fact)}: {markdown_text(unknown.reason)}.{remedy}"


def _trace_block(trace: VersionTrace) -> str:
    head = f"### {STATUS_ICONS[trace.status]} {markdown_text(trace.version.package.name)} {markdown_text(trace.version.number)}"
    rows = [f"| {each.label} | {_link_text(each.text, each.url)} |" for each in trace_links(trace)]
    remarks = [f"- {markdown_text(remark)}" for remark in trace.notes]
    return "\n".join([head, "", "| Link | Seen |", "|---|---|", *rows, *([""] if remarks else []), *remarks])


def _link_text(text: str, url: str) -> str:
    plain_address = url.startswith("http") and not set(url) & set(" ()<>|\"'")
    return f"[{markdown_text(text)}]({url})" if plain_address else markdown_text(text)
