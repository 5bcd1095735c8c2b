"""Renders the digest of an organization: changes since the last one, current status and trend."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.evaluation.package_alerts import PackageAlert
from bot.model.core_types import FullName, Outcome, RuleName, Severity
from bot.policy import DigestInterval
from bot.rendering.check_run import join_blocks
from bot.rendering.digest_facts import DigestFinding, DigestIdentity, RepositoryStatus
from bot.rendering.markdown import inline_code, markdown_text, plain_line, text_fingerprint
from bot.rendering.phrases import count, missing_permission

OVERDUE_DAYS = 90  # days after which a finding is; its issue's last reminder came then
EXPIRY_NOTICE = timedelta(days=30)  # before an identity's end, in which it is told
MAX_BRIEF = 200  # characters of one message
# Bytes of each part, so that all find room in one issue; what has none is counted.
MAX_SECTION_BYTES, MAX_COVERAGE_BYTES, MAX_FAILING_BYTES, MAX_INVENTORY_BYTES = 5_000, 4_000, 8_000, 14_000


@dataclass(frozen=True, slots=True)
class TrendRow:
    """One period of the trend."""

    period: str
    evaluated: int
    repositories: int
    findings: int
    new: int
    fixed: int
    waived: int
    unknown: int  # repositories of which something could not be seen


def list_section(title: str, lines: Sequence[str]) -> str:
    """Give a list under a title, with how many there are; an empty one says none."""
    return "\n".join([f"### {title} ({len(lines):,})", "", *(_limit_lines(lines, MAX_SECTION_BYTES) or ["None."])])


def brief_text(text: str) -> str:
    """Give a message as prose, not longer than a line or two."""
    return markdown_text(plain_line(text, MAX_BRIEF))


def coverage_section(evaluated: int, not_evaluated: Sequence[tuple[FullName, str]]) -> str:
    """Say how many repositories were evaluated, and why the others were not."""
    reasons = Counter(why for _, why in not_evaluated)
    title = f"### Coverage: {evaluated:,} of {evaluated + len(not_evaluated):,} repositories evaluated"
    lines = []
    for why, number in sorted(reasons.items()):
        names = [inline_code(name) for name, reason in not_evaluated if reason == why][:10]
        rest = f" and {number - len(names):,} more" if number > len(names) else ""
        lines.append(f"- {number:,} not: {brief_text(why)} ({', '.join(names)}{rest})")
    return "\n".join([title, "", *_limit_lines(lines, MAX_COVERAGE_BYTES)]).rstrip()


def expiring_lines(repositories: Iterable[RepositoryStatus], day: date) -> Iterator[str]:
    """Yield the waivers and the identities that end soon, or ended and are still there."""
    for each in repositories:
        for waived in each.waivers:
            if waived.expires_soon:
                yield (
                    f"- the waiver of {inline_code(waived.rule)} in {inline_code(each.repository)} ends on {waived.expires} "
                    f"({markdown_text(waived.owner)}): {brief_text(waived.message)}"
                )
    for held in unique_identities(repositories):
        if held.expires is not None and held.expires <= day + EXPIRY_NOTICE:
            said = "ended" if held.expires <= day else "ends"
            yield f"- {brief_text(held.description)} in {inline_code(held.holder)} {said} on {held.expires} ({_owner_text(held)})"


def waived_lines(repositories: Iterable[RepositoryStatus]) -> Iterator[str]:
    """Yield what is waived, and until when."""
    for each in repositories:
        for waiver in each.waivers:
            yield (
                f"- {inline_code(each.repository)} {inline_code(waiver.location)} {inline_code(waiver.rule)}: {brief_text(waiver.message)}; "
                f"until {waiver.expires} by {markdown_text(waiver.owner)}"
            )


def unknown_lines(repositories: Iterable[RepositoryStatus]) -> Iterator[str]:
    """Yield what could not be seen, the same thing once for all repositories."""
    where: dict[tuple[str, str, str], dict[FullName, None]] = {}
    for each in repositories:
        for fact in each.unknown:
            where.setdefault((fact.fact, fact.reason, fact.permission or ""), {})[each.repository] = None
    for (what, reason, permission), names in sorted(where.items()):
        shown = ", ".join(inline_code(name) for name in list(names)[:5]) + (" …" if len(names) > 5 else "")  # noqa: PLR2004 - as many as are shown
        lacking = missing_permission(reason, permission)
        remedy = f" It takes the permission {inline_code(lacking)}." if lacking else ""
        yield f"- {brief_text(what)} ({brief_text(reason)}) in {count(len(names), 'repository')}: {shown}.{remedy}"


def failing_table(repositories: Sequence[RepositoryStatus], severities: Sequence[Severity]) -> str:
    """Give a row for each repository in which something fails, the worst first."""
    worst = list(reversed(severities))
    counts = [(each, Counter(finding.severity for finding in each.findings)) for each in repositories]
    counts.sort(key=lambda row: ([-row[1][severity] for severity in worst], row[0].repository))
    rows = [
        f"| {inline_code(each.repository)} | {' | '.join(str(found[severity] or '') for severity in worst)} |"
        for each, found in counts
    ]
    return _digest_table("Failing", ["Repository", *worst], rows, MAX_FAILING_BYTES)


def inventory_table(repositories: Iterable[RepositoryStatus]) -> str:
    """Give a row for each publishing identity, those that nobody declared first."""
    each = sorted(
        unique_identities(repositories), key=lambda held: (held.declared, held.holder.lower(), held.description)
    )
    rows = [
        f"| {brief_text(held.description)} | {inline_code(held.holder)} | {_owner_text(held)} | {held.rotated or ''} | {held.expires or ''} |"
        for held in each
    ]
    return _digest_table(
        "Inventory", ["Identity", "Held by", "Owner", "Made or rotated", "Ends"], rows, MAX_INVENTORY_BYTES
    )


def trend_table(rows: Sequence[TrendRow]) -> str:
    """Give the periods, the latest first."""
    lines = [
        f"| {each.period} | {each.evaluated:,} of {each.repositories:,} | {each.findings:,} | {each.new:,} | {each.fixed:,} "
        f"| {each.waived:,} | {each.unknown:,} |"
        for each in reversed(rows)
    ]
    head = ["Period", "Evaluated", "Findings", "New", "Fixed", "Waived", "Repositories not seen in full"]
    return _digest_table("Trend", head, lines, MAX_COVERAGE_BYTES)


def _digest_table(title: str, head: Sequence[str], rows: Sequence[str], max_bytes: int) -> str:
    if not rows:
        return f"### {title} (0)\n\nNone."
    shown = _limit_lines(rows, max_bytes)
    rest = ["", shown.pop()] if len(shown) <= len(rows) and shown[-1].startswith("…") else []
    return "\n".join(
        [f"### {title} ({len(rows):,})", "", f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *shown, *rest]
    )


def _limit_lines(lines: Sequence[str], max_bytes: int) -> list[str]:
    """Return the first lines that fit into so many bytes; the others are counted on a line of their own."""
    shown: list[str] = []
    for line in lines:
        max_bytes -= len(line.encode()) + 1
        if max_bytes < 0:
            return [*shown, f"… and {len(lines) - len(shown):,} more"]
        shown.append(line)
    return shown


def _owner_text(identity: DigestIdentity) -> str:
    return markdown_text(identity.owner) if identity.owner else "nobody"


def unique_identities(repositories: Iterable[RepositoryStatus]) -> list[DigestIdentity]:
    """Return every identity once; an organization's is in many repositories."""
    return list({held.key: held for each in repositories for held in each.identities}.values())


MAX_DIGEST_BODY = 60_000  # bytes; GitHub takes 65,536 characters, and the marker needs room
MAX_DIGEST_COMMENT = 8_000  # bytes; what changed, at a glance
TREND_PERIODS = 12  # of the trend


@dataclass(frozen=True, slots=True)
class DigestFacts:
    """All that a digest is made of."""

    organization: str
    day: date
    repositories: tuple[RepositoryStatus, ...]  # what was evaluated
    not_evaluated: tuple[tuple[FullName, str], ...]  # what was not, and why
    alerts: tuple[PackageAlert, ...] = ()  # that are open


@dataclass(frozen=True, slots=True)
class PreviousFinding:
    """A finding that the last digest knew."""

    repository: FullName
    rule: RuleName
    location: str
    message: str


@dataclass(frozen=True, slots=True)
class DigestState:
    """What the last digest said, to be compared with."""

    period: str
    fingerprint: str
    findings: Mapping[str, PreviousFinding]
    trend: tuple[TrendRow, ...] = ()


@dataclass(frozen=True, slots=True)
class DigestText:
    """A digest in words, and what the next one has to know of it; `same` where nothing but the day is another."""

    title: str
    body: str
    comment: str
    unchanged: bool
    state: DigestState


def period_of(day: date, every: DigestInterval) -> str:
    """Name the period that a day is in: 2026-11-24, 2026-W48, 2026-11."""
    match every:
        case DigestInterval.DAY:
            return day.isoformat()
        case DigestInterval.WEEK:
            year, week, _ = day.isocalendar()
            return f"{year}-W{week:02}"
        case DigestInterval.MONTH:
            return f"{day:%Y-%m}"


def render_digest(facts: DigestFacts, previous: DigestState | None, period: str) -> DigestText:
    """Write the digest of a period. The same facts give the same digest of facts, whatever the day."""
    known = {
        f"{told.repository}/{each.key}": (told.repository, each)
        for told in facts.repositories
        for each in told.findings
    }
    was = previous.findings if previous else {}
    new = [known[key] for key in known if key not in was] if previous else []
    evaluated = {told.repository for told in facts.repositories}
    fixed = [each for key, each in was.items() if key not in known and each.repository in evaluated]
    row = _trend_row(facts, period, len(new), len(fixed))
    trend = (*(previous.trend if previous else ()), row)[-TREND_PERIODS:]
    mark = _facts_fingerprint(facts)
    changes = list(_change_sections(new, fixed, first=previous is None))
    head = f"How {inline_code(facts.organization)} publishes, on {facts.day} ({period}): {_summary_text(row)}."
    return DigestText(
        title=plain_line(f"Publishing digest of {facts.organization}"),
        body=join_blocks([head, *changes, trend_table(trend), *_current_sections(facts)], "part", MAX_DIGEST_BODY),
        comment=join_blocks([head, *changes], "part", MAX_DIGEST_COMMENT),
        unchanged=previous is not None and previous.fingerprint == mark,
        state=DigestState(period, mark, {key: _previous_finding(*each) for key, each in known.items()}, trend),
    )


def _trend_row(facts: DigestFacts, period: str, new: int, fixed: int) -> TrendRow:
    return TrendRow(
        period=period,
        evaluated=len(facts.repositories),
        repositories=len(facts.repositories) + len(facts.not_evaluated),
        findings=sum(len(told.findings) for told in facts.repositories),
        new=new,
        fixed=fixed,
        waived=sum(len(told.waivers) for told in facts.repositories),
        unknown=sum(bool(told.unknown) for told in facts.repositories),
    )


def _summary_text(row: TrendRow) -> str:
    return (
        f"{row.evaluated:,} of {count(row.repositories, 'repository')} evaluated, {count(row.findings, 'finding')} open "
        f"({row.new:,} new, {row.fixed:,} fixed), {row.waived:,} waived, {count(row.unknown, 'repository')} not seen in full"
    )


def _previous_finding(repository: FullName, finding: DigestFinding) -> PreviousFinding:
    return PreviousFinding(repository, finding.rule, finding.location, finding.message)


def _change_sections(
    new: Sequence[tuple[FullName, DigestFinding]], fixed: Sequence[PreviousFinding], *, first: bool
) -> Iterator[str]:
    if first:
        yield "This is the first digest: what changes is told from the next one on."
        return
    worst = sorted(new, key=lambda each: (-each[1].severity.rank, each[0]))
    yield list_section("New", [f"- {each.severity}: {_finding_line(name, each)}" for name, each in worst])
    yield list_section(
        "Fixed",
        [f"- {inline_code(each.repository)} {inline_code(each.rule)}: {brief_text(each.message)}" for each in fixed],
    )


def _finding_line(repository: FullName, finding: DigestFinding) -> str:
    return f"{inline_code(repository)} {inline_code(finding.location)} {inline_code(finding.rule)}: {brief_text(finding.message)}"


def _current_sections(facts: DigestFacts) -> Iterator[str]:
    """Tell how things stand."""
    yield list_section("Alerts", [_alert_line(each) for each in facts.alerts])
    yield coverage_section(len(facts.repositories), facts.not_evaluated)
    yield list_section(
        "Overdue",
        [f"- since {each.since}: {_finding_line(name, each)}" for name, each in _overdue_findings(facts)],
    )
    yield list_section("About to end", list(expiring_lines(facts.repositories, facts.day)))
    yield list_section("Waived", list(waived_lines(facts.repositories)))
    yield list_section("Not seen", list(unknown_lines(facts.repositories)))
    yield failing_table([told for told in facts.repositories if _has_failures(told)], list(Severity))
    yield inventory_table(facts.repositories)


def _alert_line(alert: PackageAlert) -> str:
    subject = str(alert.package) if alert.package else alert.registry
    more = f", and {len(alert.reasons) - 1} more" if len(alert.reasons) > 1 else ""
    seen = brief_text(alert.reasons[0].description) if alert.reasons else ""
    return f"- {alert.raised_at.date()}: {inline_code(alert.repository)} {inline_code(subject)}: {seen}{more}"


def _overdue_findings(facts: DigestFacts) -> Iterator[tuple[FullName, DigestFinding]]:
    for told in facts.repositories:
        for each in told.findings:
            if (facts.day - each.since).days >= OVERDUE_DAYS:
                yield told.repository, each


def _facts_fingerprint(facts: DigestFacts) -> str:
    """Name the facts: what is told, whatever the day and the lines; and what became due by the day."""
    told = [
        (
            each.repository,
            sorted(each.outcomes.items()),
            sorted((known.key, known.confirmed) for known in each.findings),
            (each.waivers, each.unknown, each.publications, [held.key for held in each.identities]),
        )
        for each in facts.repositories
    ]
    due = [known.key for _, known in _overdue_findings(facts)]
    held = unique_identities(facts.repositories)  # each once: an organization's is in every repository
    ending, alarms = (
        list(expiring_lines(facts.repositories, facts.day)),
        [_alert_line(each) for each in facts.alerts],
    )
    return text_fingerprint(repr((told, held, facts.not_evaluated, due, ending, *([alarms] if alarms else ()))))


def _has_failures(repository: RepositoryStatus) -> bool:
    return Outcome.FAILED in repository.outcomes.values() or bool(repository.findings)
