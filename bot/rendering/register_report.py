"""The register's lines: each publishing identity with what is known of it, and the rules that do not hold for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bot.evaluation.evaluate import Report
from bot.identities import (
    IdentityReach,
    PublishingIdentity,
    identity_reach,
    last_review,
    last_use,
    list_identities,
    missing_identities,
)
from bot.model.core_types import FullName, RuleName
from bot.model.findings import Finding, Known, Unknown
from bot.model.identity_register import DeclaredIdentity, IdentityKind
from bot.settings import SettingsQuery

NO_RUNS: Mapping[str, datetime] = {}


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """One identity, and what each rule says of it."""

    identity: PublishingIdentity
    reach: IdentityReach
    last_used_at: datetime | None  # None: never, or nobody could see
    reviewed_on: date | None
    reviewed_by: str | None
    findings: tuple[tuple[RuleName, Finding], ...]
    waived: tuple[RuleName, ...]


@dataclass(frozen=True, slots=True)
class RegisterReport:
    """The register of one repository."""

    repository: FullName
    entries: tuple[RegisterEntry, ...]
    unknown: tuple[Unknown, ...]
    missing: tuple[DeclaredIdentity, ...]  # declared, and not there


def build_register(report: Report, runs: Mapping[str, datetime] = NO_RUNS) -> RegisterReport:
    """Make the register of a repository from its report; `runs` says when workflows last ran, by path."""
    snapshot = report.snapshot
    register = list_identities(snapshot, tuple(IdentityKind))
    lines = tuple(_register_entry(report, each, runs) for each in register.identities)
    unseen = dict.fromkeys((*register.unknown, *_unreadable_files(report)))
    return RegisterReport(snapshot.repository, lines, tuple(unseen), missing_identities(register, snapshot))


def identity_findings(report: Report, identity: PublishingIdentity) -> Iterator[tuple[RuleName, Finding]]:
    """Yield the findings that stand and are about an identity, each with its rule."""
    for result in report.results:
        for finding in result.findings:
            if finding.subject.identity == identity.key:
                yield result.rule.name, finding


def _register_entry(report: Report, identity: PublishingIdentity, runs: Mapping[str, datetime]) -> RegisterEntry:
    snapshot = report.snapshot
    last = last_review(identity, snapshot.reviews.value) if isinstance(snapshot.reviews, Known) else None
    return RegisterEntry(
        identity=identity,
        reach=identity_reach(identity, snapshot),
        last_used_at=last_use(identity, snapshot, runs),
        reviewed_on=last.reviewed_at.date() if last else None,
        reviewed_by=f"@{last.reviewer}" if last else None,
        findings=tuple(identity_findings(report, identity)),
        waived=tuple(
            result.rule.name
            for result in report.results
            for each in result.waived
            if each.finding.subject.identity == identity.key
        ),
    )


def _unreadable_files(report: Report) -> Iterator[Unknown]:
    """Say which files could not be read: they may hold a publication, and so an identity."""
    for file in report.snapshot.unreadable:
        yield Unknown(file.file, file.reason, SettingsQuery.FILES.permission if file.line is None else None)
