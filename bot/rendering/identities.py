"""The register as text for a terminal, as JSON and as CSV. Names of GitHub's are repository text: nothing in them acts."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from termcolor import colored

from bot.identities.publishing_identity import NOUNS
from bot.model.findings import listed
from bot.rendering.markdown import plain
from bot.rendering.phrases import count, untold
from bot.rendering.register_report import Line, RegisterReport

UNKNOWN = "-"
# A spreadsheet takes a cell that begins so for a formula: owasp.org/www-community/attacks/CSV_Injection
FORMULA = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = (
    "repository", "kind", "name", "holder", "environment", "workflow", "registries", "owner", "declared", "purpose", "expires", "created",
    "rotated", "last_used", "reviewed", "reviewed_by", "who", "used_by", "events", "open_to", "findings", "waived",
)  # fmt: skip


def render_text(reports: Iterable[RegisterReport], *, colour: bool = False) -> str:
    """Give each repository with its identities, one below the other."""
    return "\n\n".join("\n".join(_text(report, colour=colour)) for report in reports)


def render_json(reports: Iterable[RegisterReport]) -> str:
    """Give one document; fields are only ever added."""
    return json.dumps({"repositories": [_repository(report) for report in reports]}, indent=1, ensure_ascii=True)


def render_csv(reports: Iterable[RegisterReport]) -> str:
    """Give a line for each identity below a line of names; what a spreadsheet could run is quoted."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for report in reports:
        for line in report.lines:
            record = _record(line) | {"repository": report.repository}
            writer.writerow(_cell(record[column]) for column in COLUMNS)
    return out.getvalue().removesuffix("\n")


def _text(report: RegisterReport, *, colour: bool) -> Iterator[str]:
    def strong(text: str, hue: str) -> str:
        return colored(text, hue, force_color=True) if colour else text

    told = [count(len(report.lines), "publishing identity")]
    if report.unseen:
        told.append(f"{count(len(report.unseen), 'fact')} not seen")
    yield strong(f"{plain(report.repository)}: {', '.join(told)}", "cyan")
    for line in report.lines:
        record = _record(line)
        where = f" in {line.identity.environment}" if line.identity.environment else ""
        target = ", ".join(line.identity.registries)
        yield plain(f"  {NOUNS[line.identity.kind]} {line.identity.name}{where}" + (f" → {target}" if target else ""))
        for label, value in _facts(record):
            yield plain(f"    {label.ljust(9)} {value}")
        for rule, finding in line.findings:
            yield strong(plain(f"    ! {rule}: {finding.message}"), "yellow")
        for rule in line.waived:
            yield plain(f"    ~ {rule}: waived")
    for entry in report.absent:
        where = f"{entry.origin}:{entry.line}" if entry.origin else "the register"
        yield plain(
            f"  {NOUNS[entry.kind]} {entry.name} is in the register ({where}), and not there; take the entry out"
        )
    for unseen in report.unseen:
        permission = untold(unseen.reason, unseen.permission)
        remedy = f"; it takes {permission}" if permission else ""
        yield plain(f"  unseen: {unseen.what} ({unseen.reason}{remedy})")


def _facts(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
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
    yield "dates", " · ".join(f"{word} {(record[key] or UNKNOWN)[:10]}" for key, word in days.items())
    used = listed(record["used_by"])
    yield "used by", f"{used} ({', '.join(record['events'])})" if used else "nothing here"
    yield "open to", f"{record['open_to']}; {record['who']}"


def _repository(report: RegisterReport) -> Mapping[str, Any]:
    return {
        "repository": report.repository,
        "identities": [_record(line) for line in report.lines],
        "absent": [
            {"kind": each.kind, "name": each.name, "holder": each.holder, "file": each.origin, "line": each.line}
            for each in report.absent
        ],
        "unseen": [{"what": each.what, "reason": each.reason, "permission": each.permission} for each in report.unseen],
    }


def _record(line: Line) -> dict[str, Any]:
    identity, entry = line.identity, line.identity.declared
    return {
        "key": identity.key,
        "kind": identity.kind.value,
        "name": identity.name,
        "holder": identity.holder,
        "environment": identity.environment,
        "workflow": identity.workflow,
        "registries": list(identity.registries),
        "owner": identity.owner,
        "declared": entry is not None,
        "purpose": entry.purpose if entry else None,
        "expires": _iso(entry.expires if entry else identity.expires_at),
        "created": _iso(identity.created_at),
        "rotated": _iso(identity.rotated_at),
        "last_used": _iso(line.last_used),
        "reviewed": _iso(line.reviewed),
        "reviewed_by": line.reviewed_by,
        "who": who(line),
        "used_by": list(line.reach.workflows),
        "events": list(line.reach.events),
        "open_to": line.reach.open_to,
        "findings": [str(rule) for rule, _ in line.findings],
        "waived": [str(rule) for rule in line.waived],
    }


def who(line: Line) -> str:
    """Say whether somebody or something publishes with it: human, machine, or not known."""
    entry = line.identity.declared
    machine = entry.machine if entry and entry.machine is not None else line.identity.machine
    return {True: "machine", False: "human", None: "not known"}[machine]


def _iso(at: date | datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def _cell(value: object) -> str:
    text = " ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    shown = plain(text)
    return f"'{shown}" if shown.startswith(FORMULA) else shown
