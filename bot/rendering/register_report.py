"""The register's lines: each publishing identity with what is known of it, and the rules that do not hold for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bot.evaluation.evaluate import Report
from bot.identities import Identity, Reach, absent, last_review, observe, reach_of, used_at
from bot.model.core_types import FullName, RuleName
from bot.model.findings import Finding, Seen, Unseen
from bot.model.identity_register import DeclaredIdentity, IdentityKind
from bot.settings import Read

NEVER_RAN: Mapping[str, datetime] = {}


@dataclass(frozen=True, slots=True)
class Line:
    """One identity, and what each rule says of it."""

    identity: Identity
    reach: Reach
    last_used: datetime | None  # None: never, or nobody could see
    reviewed: date | None
    reviewed_by: str | None
    findings: tuple[tuple[RuleName, Finding], ...]
    waived: tuple[RuleName, ...]


@dataclass(frozen=True, slots=True)
class RegisterReport:
    """The register of one repository."""

    repository: FullName
    lines: tuple[Line, ...]
    unseen: tuple[Unseen, ...]
    absent: tuple[DeclaredIdentity, ...]  # declared, and not there


def register_of(report: Report, runs: Mapping[str, datetime] = NEVER_RAN) -> RegisterReport:
    """Make the register of a repository from its report; `runs` says when workflows last ran, by path."""
    snapshot = report.snapshot
    register = observe(snapshot, tuple(IdentityKind))
    lines = tuple(_line(report, each, runs) for each in register.identities)
    unseen = dict.fromkeys((*register.unseen, *_unread(report)))
    return RegisterReport(snapshot.repository, lines, tuple(unseen), absent(register, snapshot))


def findings_about(report: Report, identity: Identity) -> Iterator[tuple[RuleName, Finding]]:
    """Yield the findings that stand and are about an identity, each with its rule."""
    for result in report.results:
        for finding in result.findings:
            if finding.about.identity == identity.key:
                yield result.rule.name, finding


def _line(report: Report, identity: Identity, runs: Mapping[str, datetime]) -> Line:
    snapshot = report.snapshot
    last = last_review(identity, snapshot.reviews.value) if isinstance(snapshot.reviews, Seen) else None
    return Line(
        identity=identity,
        reach=reach_of(identity, snapshot),
        last_used=used_at(identity, snapshot, runs),
        reviewed=last.at.date() if last else None,
        reviewed_by=f"@{last.by}" if last else None,
        findings=tuple(findings_about(report, identity)),
        waived=tuple(
            result.rule.name
            for result in report.results
            for each in result.waived
            if each.finding.about.identity == identity.key
        ),
    )


def _unread(report: Report) -> Iterator[Unseen]:
    """Say which files could not be read: they may hold a publication, and so an identity."""
    for file in report.snapshot.unreadable:
        yield Unseen(file.file, file.reason, Read.FILES.permission if file.line is None else None)
