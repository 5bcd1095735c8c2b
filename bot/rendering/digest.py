"""Renders the digest of an organization: changes since the last one, current status and trend."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from bot.evaluation.package_alerts import PackageAlert
from bot.model.core_types import FullName, Outcome, RuleName, Severity
from bot.policy import DigestInterval
from bot.rendering.digest_facts import DigestFinding, DigestIdentity, DigestUnknown, DigestWaiver, RepositoryStatus
from bot.rendering.links import NO_LINKS, Links
from bot.rendering.markdown import Markdown, text_fingerprint
from bot.rendering.markdown_template import (
    MAX_ISSUE_BYTES,
    fit_title,
    join_blocks,
    render_markdown,
    split_parts,
)
from bot.rendering.phrases import missing_permission

OVERDUE_DAYS = 90  # days after which a finding is; its issue's last reminder came then
EXPIRY_NOTICE = timedelta(days=30)  # before an identity expires, in which it is listed
WORST_FIRST = tuple(reversed(Severity))
TREND_PERIODS = 12
MAX_DIGEST_COMMENT = 8_000  # bytes; what changed, at a glance
# Bytes of each section, so that all find room in one issue; what has none is counted.
MAX_SECTION_BYTES, MAX_COVERAGE_BYTES, MAX_FAILING_BYTES, MAX_INVENTORY_BYTES = 5_000, 4_000, 8_000, 14_000


@dataclass(frozen=True, slots=True)
class TrendRow:
    """One period of the trend, in numbers of repositories or findings."""

    period: str
    evaluated: int
    repositories: int
    findings: int
    new: int
    fixed: int
    waived: int
    unknown: int  # repositories with an unknown fact


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
    """A digest, and what the next one has to know of it; `unchanged` where only the day is another."""

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


def render_digest(facts: DigestFacts, previous: DigestState | None, period: str, links: Links = NO_LINKS) -> DigestText:
    """Render the digest of a period. The same facts give the same sections, whatever the day."""
    known = {f"{each.repository}/{finding.key}": (each.repository, finding) for each, finding in _findings(facts)}
    new, fixed = _changed_findings(facts, known, previous)
    row = _trend_row(facts, period, len(new), len(fixed))
    trend = (*(previous.trend if previous else ()), row)[-TREND_PERIODS:]
    fingerprint = _facts_fingerprint(facts)
    text = render_markdown(
        "digest",
        "changes",
        facts=facts,
        period=period,
        row=row,
        first=previous is None,
        new=_section("new", "New", new, links=links),
        fixed=_section("fixed", "Fixed", fixed, links=links),
    )
    changes = split_parts(text)
    return DigestText(
        title=fit_title(f"Publishing digest of {facts.organization}"),
        body=join_blocks([*changes, *filter(None, _current_sections(facts, trend, links))], "section", MAX_ISSUE_BYTES),
        comment=join_blocks(changes, "section", MAX_DIGEST_COMMENT),
        unchanged=previous is not None and previous.fingerprint == fingerprint,
        state=DigestState(period, fingerprint, {key: _previous_finding(*each) for key, each in known.items()}, trend),
    )


def _changed_findings(
    facts: DigestFacts, known: Mapping[str, tuple[FullName, DigestFinding]], previous: DigestState | None
) -> tuple[list[tuple[FullName, DigestFinding]], list[PreviousFinding]]:
    """Return the findings that are new, the most severe first, and those that are fixed."""
    if previous is None:
        return [], []
    new = [finding for key, finding in known.items() if key not in previous.findings]
    new.sort(key=lambda each: (-each[1].severity.rank, each[0]))
    evaluated = {each.repository for each in facts.repositories}
    gone = (finding for key, finding in previous.findings.items() if key not in known)
    return new, [each for each in gone if each.repository in evaluated]


def _findings(facts: DigestFacts) -> Iterator[tuple[RepositoryStatus, DigestFinding]]:
    for each in facts.repositories:
        yield from ((each, finding) for finding in each.findings)


def _trend_row(facts: DigestFacts, period: str, new: int, fixed: int) -> TrendRow:
    return TrendRow(
        period=period,
        evaluated=len(facts.repositories),
        repositories=len(facts.repositories) + len(facts.not_evaluated),
        findings=sum(len(each.findings) for each in facts.repositories),
        new=new,
        fixed=fixed,
        waived=sum(len(each.waivers) for each in facts.repositories),
        unknown=sum(bool(each.unknown) for each in facts.repositories),
    )


def _previous_finding(repository: FullName, finding: DigestFinding) -> PreviousFinding:
    return PreviousFinding(repository, finding.rule, finding.location, finding.message)


def _section(  # noqa: PLR0913 - the last two say how it looks
    block: str, title: str, rows: Sequence[object], max_bytes: int = MAX_SECTION_BYTES, *,
    columns: Sequence[str] = (), links: Links = NO_LINKS,
) -> Markdown:  # fmt: skip
    """Render a list, or a table with these columns, under its title; what has no room is counted. Empty without rows."""
    lines = split_parts(render_markdown("digest", block, rows=rows, links=links))
    kept = 0
    for line in lines:
        max_bytes -= len(line.encode()) + 1
        if max_bytes < 0:
            break
        kept += 1
    return render_markdown(
        "digest", "section", title=title, columns=columns, lines=[*map(Markdown, lines[:kept])], more=len(lines) - kept
    )


def _current_sections(facts: DigestFacts, trend: Sequence[TrendRow], links: Links) -> Iterator[str]:
    section = partial(_section, links=links)
    failing = [each for each in facts.repositories if Outcome.FAILED in each.outcomes.values() or each.findings]
    waived = [(each.repository, waiver) for each in facts.repositories for waiver in each.waivers]
    identities = unique_identities(facts.repositories)
    identities.sort(key=lambda each: (each.declared, each.holder.lower(), each.description))
    trend_columns = ["Period", "Evaluated", "Findings", "New", "Fixed", "Waived", "Repositories with unknown facts"]
    yield section("alerts", "Open alerts", facts.alerts)
    yield section("overdue", f"Open for {OVERDUE_DAYS} days or more", _overdue_findings(facts))
    yield section("expiring", "Expired or expiring soon", _expiring(facts))
    yield section(
        "failing",
        "Repositories with failed rules",
        _severity_counts(failing),
        MAX_FAILING_BYTES,
        columns=["Repository", *WORST_FIRST],
    )
    yield section("unknown", "Unknown", _unknown_facts(facts.repositories))
    yield section("waived", "Waived", waived)
    yield section("trend", "Trend", trend[::-1], MAX_COVERAGE_BYTES, columns=trend_columns)
    coverage = _not_evaluated(facts.not_evaluated)
    total = len(facts.repositories) + len(facts.not_evaluated)
    yield render_markdown("digest", "coverage_title", evaluated=len(facts.repositories), total=total)
    yield join_blocks(split_parts(render_markdown("digest", "coverage", rows=coverage)), "reason", MAX_COVERAGE_BYTES)
    yield section(
        "inventory",
        "Publishing identities",
        identities,
        MAX_INVENTORY_BYTES,
        columns=["Identity", "Held by", "Owner", "Created or rotated", "Expires"],
    )


def _overdue_findings(facts: DigestFacts) -> list[tuple[FullName, DigestFinding]]:
    found = ((each.repository, finding) for each, finding in _findings(facts))
    return [(name, finding) for name, finding in found if (facts.day - finding.since).days >= OVERDUE_DAYS]


def _expiring(facts: DigestFacts) -> list[tuple[FullName | None, DigestWaiver | DigestIdentity, bool]]:
    """Return the waivers and identities that expire soon or have expired: with the repository of a waiver, and whether it is over."""
    waivers = [
        (each.repository, waiver, False)
        for each in facts.repositories
        for waiver in each.waivers
        if waiver.expires_soon
    ]
    dated = ((each, each.expires) for each in unique_identities(facts.repositories) if each.expires)
    identities = [(None, each, day <= facts.day) for each, day in dated if day <= facts.day + EXPIRY_NOTICE]
    return [*waivers, *identities]


def _unknown_facts(repositories: Iterable[RepositoryStatus]) -> list[tuple[DigestUnknown, str, list[FullName]]]:
    """Return what is unknown, each fact once for all repositories, with the permission that would show it."""
    where: dict[tuple[str, str, str], tuple[DigestUnknown, dict[FullName, None]]] = {}
    for each in repositories:
        for fact in each.unknown:
            where.setdefault((fact.fact, fact.reason, fact.permission or ""), (fact, {}))[1][each.repository] = None
    rows = (where[key] for key in sorted(where))
    return [(fact, missing_permission(fact.reason, fact.permission), list(names)) for fact, names in rows]


def _severity_counts(repositories: Iterable[RepositoryStatus]) -> list[tuple[FullName, list[int]]]:
    """Count the findings of each repository by severity, the worst first."""
    rows = []
    for each in repositories:
        found = Counter(finding.severity for finding in each.findings)
        rows.append((each.repository, [found[severity] for severity in WORST_FIRST]))
    return sorted(rows, key=lambda row: ([-number for number in row[1]], row[0]))


def _not_evaluated(repositories: Sequence[tuple[FullName, str]]) -> list[tuple[str, list[FullName]]]:
    """Group the repositories that were not evaluated by the reason."""
    names: dict[str, list[FullName]] = {}
    for name, reason in repositories:
        names.setdefault(reason, []).append(name)
    return sorted(names.items())


def unique_identities(repositories: Iterable[RepositoryStatus]) -> list[DigestIdentity]:
    """Return every identity once; an organization's is in many repositories."""
    return list({held.key: held for each in repositories for held in each.identities}.values())


def _facts_fingerprint(facts: DigestFacts) -> str:
    """Name the facts: what is told, whatever the day and the lines; and what became due by the day."""
    status = [
        (
            each.repository,
            sorted(each.outcomes.items()),
            sorted((finding.key, finding.confirmed) for finding in each.findings),
            (each.waivers, each.unknown, each.publications, [identity.key for identity in each.identities]),
        )
        for each in facts.repositories
    ]
    overdue = [finding.key for _, finding in _overdue_findings(facts)]
    identities = unique_identities(facts.repositories)  # each once: an organization's is in every repository
    alerts = [(each.repository, each.key, len(each.reasons)) for each in facts.alerts]
    return text_fingerprint(repr((status, identities, facts.not_evaluated, overdue, _expiring(facts), alerts)))
