"""The digest of an organization: what changed since the last one, how things stand, and the trend. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bot.evaluation.package_alerts import PackageAlert
from bot.model.core_types import FullName, Outcome, RuleName, Severity
from bot.policy import DigestInterval
from bot.rendering import digest as tables
from bot.rendering.digest import TrendRow, brief_text
from bot.rendering.digest_facts import DigestFinding, RepositoryStatus
from bot.rendering.markdown import inline_code, plain_line
from bot.rendering.marker import text_fingerprint
from bot.rendering.phrases import count
from bot.rendering.reports_check_run import join_blocks

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
        body=join_blocks(
            [head, *changes, tables.trend_table(trend), *_current_sections(facts)], "part", MAX_DIGEST_BODY
        ),
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
    yield tables.list_section("New", [f"- {each.severity}: {_finding_line(name, each)}" for name, each in worst])
    yield tables.list_section(
        "Fixed",
        [f"- {inline_code(each.repository)} {inline_code(each.rule)}: {brief_text(each.message)}" for each in fixed],
    )


def _finding_line(repository: FullName, finding: DigestFinding) -> str:
    return f"{inline_code(repository)} {inline_code(finding.location)} {inline_code(finding.rule)}: {brief_text(finding.message)}"


def _current_sections(facts: DigestFacts) -> Iterator[str]:
    """Tell how things stand."""
    yield tables.list_section("Alerts", [_alert_line(each) for each in facts.alerts])
    yield tables.coverage_section(len(facts.repositories), facts.not_evaluated)
    yield tables.list_section(
        "Overdue",
        [f"- since {each.since}: {_finding_line(name, each)}" for name, each in _overdue_findings(facts)],
    )
    yield tables.list_section("About to end", list(tables.expiring_lines(facts.repositories, facts.day)))
    yield tables.list_section("Waived", list(tables.waived_lines(facts.repositories)))
    yield tables.list_section("Not seen", list(tables.unknown_lines(facts.repositories)))
    yield tables.failing_table([told for told in facts.repositories if _has_failures(told)], list(Severity))
    yield tables.inventory_table(facts.repositories)


def _alert_line(alert: PackageAlert) -> str:
    subject = str(alert.package) if alert.package else alert.registry
    more = f", and {len(alert.reasons) - 1} more" if len(alert.reasons) > 1 else ""
    seen = brief_text(alert.reasons[0].description) if alert.reasons else ""
    return f"- {alert.raised_at.date()}: {inline_code(alert.repository)} {inline_code(subject)}: {seen}{more}"


def _overdue_findings(facts: DigestFacts) -> Iterator[tuple[FullName, DigestFinding]]:
    for told in facts.repositories:
        for each in told.findings:
            if (facts.day - each.since).days >= tables.OVERDUE_DAYS:
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
    held = tables.unique_identities(facts.repositories)  # each once: an organization's is in every repository
    ending, alarms = (
        list(tables.expiring_lines(facts.repositories, facts.day)),
        [_alert_line(each) for each in facts.alerts],
    )
    return text_fingerprint(repr((told, held, facts.not_evaluated, due, ending, *([alarms] if alarms else ()))))


def _has_failures(repository: RepositoryStatus) -> bool:
    return Outcome.FAILED in repository.outcomes.values() or bool(repository.findings)
