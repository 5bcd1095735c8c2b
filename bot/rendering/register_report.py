"""Renders the register of publishing identities as text, JSON or CSV."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from termcolor import colored

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
from bot.identities.package_access import PackageAccess, package_access
from bot.identities.publishing_identity import KIND_NAMES
from bot.model.core_types import FullName, RuleName
from bot.model.findings import Finding, Known, Unknown, join_names
from bot.model.identity_register import DeclaredIdentity, IdentityKind
from bot.rendering.markdown import plain_line
from bot.rendering.phrases import count, missing_permission
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
    packages: tuple[PackageAccess, ...] = ()  # what can still publish each


def build_register(report: Report, runs: Mapping[str, datetime] = NO_RUNS) -> RegisterReport:
    """Make the register of a repository from its report; `runs` says when workflows last ran, by path."""
    snapshot = report.snapshot
    register = list_identities(snapshot, tuple(IdentityKind))
    lines = tuple(_register_entry(report, each, runs) for each in register.identities)
    unseen = dict.fromkeys((*register.unknown, *_unreadable_files(report)))
    missing = missing_identities(register, snapshot)
    packages = package_access(snapshot, register.identities)
    return RegisterReport(snapshot.repository, lines, tuple(unseen), missing, packages)


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


NO_VALUE = "-"
# A spreadsheet takes a cell that begins so for a formula: owasp.org/www-community/attacks/CSV_Injection
FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r")
REGISTER_COLUMNS = (
    "repository", "kind", "name", "holder", "environment", "workflow", "registries", "packages", "owner", "declared", "purpose", "expires", "created",
    "rotated", "last_used", "reviewed", "reviewed_by", "who", "used_by", "events", "open_to", "findings", "waived",
)  # fmt: skip


def render_register_text(reports: Iterable[RegisterReport], *, color: bool = False) -> str:
    """Give each repository with its identities, one below the other."""
    return "\n\n".join("\n".join(_register_text(report, color=color)) for report in reports)


def render_register_json(reports: Iterable[RegisterReport]) -> str:
    """Give one document; fields are only ever added."""
    return json.dumps({"repositories": [_repository_object(report) for report in reports]}, indent=1, ensure_ascii=True)


def render_register_csv(reports: Iterable[RegisterReport]) -> str:
    """Give a line for each identity below a line of names; what a spreadsheet could run is quoted."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(REGISTER_COLUMNS)
    for report in reports:
        for line in report.entries:
            record = _entry_object(line) | {"repository": report.repository}
            writer.writerow(csv_cell(record[column]) for column in REGISTER_COLUMNS)
    return out.getvalue().removesuffix("\n")


def _register_text(report: RegisterReport, *, color: bool) -> Iterator[str]:
    def strong(text: str, hue: str) -> str:
        return colored(text, hue, force_color=True) if color else text

    told = [count(len(report.entries), "publishing identity")]
    if report.unknown:
        told.append(f"{count(len(report.unknown), 'fact')} not seen")
    yield strong(f"{plain_line(report.repository)}: {', '.join(told)}", "cyan")
    for line in report.entries:
        record = _entry_object(line)
        where = f" in {line.identity.environment}" if line.identity.environment else ""
        target = ", ".join(line.identity.registries)
        yield plain_line(
            f"  {KIND_NAMES[line.identity.kind]} {line.identity.name}{where}" + (f" → {target}" if target else "")
        )
        for label, value in _entry_facts(record):
            yield plain_line(f"    {label.ljust(9)} {value}")
        for rule, finding in line.findings:
            yield strong(plain_line(f"    ! {rule}: {finding.message}"), "yellow")
        for rule in line.waived:
            yield plain_line(f"    ~ {rule}: waived")
    for entry in report.missing:
        where = f"{entry.origin}:{entry.line}" if entry.origin else "the register"
        yield plain_line(
            f"  {KIND_NAMES[entry.kind]} {entry.name} is in the register ({where}), and not there; take the entry out"
        )
    yield from _packages_text(report.packages)
    for unseen in report.unknown:
        permission = missing_permission(unseen.reason, unseen.permission)
        remedy = f"; it takes {permission}" if permission else ""
        yield plain_line(f"  unknown: {unseen.fact} ({unseen.reason}{remedy})")


def _packages_text(packages: Iterable[PackageAccess]) -> Iterator[str]:
    for package in packages:
        yield plain_line(f"  {package.name} on {package.registry} can be published by")
        yield from (plain_line(f"    {each}") for each in package.can_publish or ("nothing that is known",))
        yield plain_line(f"    tokens: {package.tokens}" + (f". {package.setting}" if package.setting else ""))


def _entry_facts(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what a person wants to know of an identity, each with its label."""
    owner = record["owner"] or "nobody"
    yield "owner", owner if record["declared"] else f"{owner} (not in the register)"
    if record["purpose"]:
        yield "purpose", record["purpose"]
    days = {
        "created": "created",
        "rotated": "rotated",
        "last_used": "last used",
        "reviewed": "reviewed",
        "expires": "ends",
    }
    yield "dates", " · ".join(f"{word} {(record[key] or NO_VALUE)[:10]}" for key, word in days.items())
    used = join_names(record["used_by"])
    yield "used by", f"{used} ({', '.join(record['events'])})" if used else "nothing here"
    yield "open to", f"{record['open_to']}; {record['who']}"


def _repository_object(report: RegisterReport) -> Mapping[str, Any]:
    return {
        "repository": report.repository,
        "identities": [_entry_object(line) for line in report.entries],
        "packages": [
            {
                "purl": each.purl,
                "can_publish": list(each.can_publish),
                "tokens": each.tokens,
                "setting": each.setting,
            }
            for each in report.packages
        ],
        "absent": [
            {"kind": each.kind, "name": each.name, "holder": each.holder, "file": each.origin, "line": each.line}
            for each in report.missing
        ],
        "unknown": [
            {"what": each.fact, "reason": each.reason, "permission": each.permission} for each in report.unknown
        ],
    }


def _entry_object(line: RegisterEntry) -> dict[str, Any]:
    identity, entry = line.identity, line.identity.declared
    return {
        "key": identity.key,
        "kind": identity.kind.value,
        "name": identity.name,
        "holder": identity.holder,
        "environment": identity.environment,
        "workflow": identity.workflow,
        "registries": list(identity.registries),
        "packages": list(identity.packages),
        "owner": identity.owner,
        "declared": entry is not None,
        "purpose": entry.purpose if entry else None,
        "expires": _iso_format(entry.expires if entry else identity.expires_at),
        "created": _iso_format(identity.created_at),
        "rotated": _iso_format(identity.rotated_at),
        "last_used": _iso_format(line.last_used_at),
        "reviewed": _iso_format(line.reviewed_on),
        "reviewed_by": line.reviewed_by,
        "who": publisher_nature(line),
        "used_by": list(line.reach.workflows),
        "events": list(line.reach.events),
        "open_to": line.reach.open_to,
        "findings": [str(rule) for rule, _ in line.findings],
        "waived": [str(rule) for rule in line.waived],
    }


def publisher_nature(line: RegisterEntry) -> str:
    """Say whether somebody or something publishes with it: human, machine, or not known."""
    entry = line.identity.declared
    machine = entry.machine if entry and entry.machine is not None else line.identity.machine
    return {True: "machine", False: "human", None: "not known"}[machine]


def _iso_format(at: date | datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def csv_cell(value: object) -> str:
    """Write a value as a cell that no spreadsheet takes for a formula."""
    text = " ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    shown = plain_line(text)
    return f"'{shown}" if shown.startswith(FORMULA_PREFIXES) else shown
