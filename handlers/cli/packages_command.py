"""Runs `wharfinger packages`: lists monitored packages, their alerts and registries that do not answer."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from redis import Redis

from bot.evaluation.package_alerts import PackageAlert
from bot.model.core_types import FullName, InstallationId
from bot.model.findings import UnreadableFile
from bot.packages.publish_history import Observation
from bot.rendering.markdown import plain_line
from bot.rendering.phrases import count
from handlers.cache.repository_listings import UnresolvedPackageStore
from handlers.cli.main import FINDINGS, SUCCESS
from handlers.config.database import Database
from handlers.config.redis_client import connected_redis
from handlers.config.settings import StoreSettings
from handlers.records.package_alert_store import PackageAlertIssue, PackageAlertStore
from handlers.records.report_store import ReportStore
from handlers.records.schema.migrate import reading_records
from handlers.records.watch_store import Outage, PackageClaim, PackageWatch, WatchState, WatchStore

AlertWithIssue: TypeAlias = tuple[PackageAlert, PackageAlertIssue | None]
MAX_VERSIONS_SHOWN = 5  # versions of each package, the newest


@dataclass(frozen=True, slots=True)
class _PackageRow:
    """One package and what is stored about it."""

    watch: PackageWatch
    claims: tuple[PackageClaim, ...]
    state: WatchState
    due: float | None
    alerts: tuple[AlertWithIssue, ...]

    @property
    def newest(self) -> tuple[Observation, ...]:
        observations = self.state.observed.observations if self.state.observed else ()
        return tuple(reversed(observations[-MAX_VERSIONS_SHOWN:]))


@dataclass(frozen=True, slots=True)
class _MonitoringReport:
    """What the command prints: the packages, the alerts of none of them, outages, and what names no package."""

    rows: tuple[_PackageRow, ...]
    other_alerts: tuple[AlertWithIssue, ...]
    outages: tuple[Outage, ...]
    unresolved: Mapping[FullName, tuple[UnreadableFile, ...]]

    @property
    def open_alerts(self) -> int:
        return len(self.other_alerts) + sum(alert.is_open for row in self.rows for alert, _ in row.alerts)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `wharfinger packages`."""
    parser.add_argument("--repository", metavar="OWNER/NAME", help="list the packages of this repository only")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def main(options: argparse.Namespace) -> int:
    """List the monitored packages; return 1 if an alert is open, otherwise 0."""
    settings = StoreSettings.from_environment()
    with reading_records(settings) as records, connected_redis(settings.redis_url) as redis:
        report = _read_report(records, redis, (options.repository or "").lower())
        if options.repository and not (report.rows or report.unresolved or report.other_alerts):
            ReportStore(records).require_known(options.repository)
    lines = (_as_json if options.format == "json" else _as_text)(report)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return FINDINGS if report.open_alerts else SUCCESS


def _read_report(records: Database, redis: Redis, repository: str) -> _MonitoringReport:
    """Read what is stored of a repository's packages; of all, if it is empty."""
    store, alert_store = WatchStore(records), PackageAlertStore(records)
    watches = tuple(store.all())
    alerts = {each: tuple(alert_store.all(each)) for each in sorted({watch.installation for watch in watches})}
    every = [_row(watch, store, alerts[watch.installation]) for watch in watches]
    rows = [row for row in every if repository in ("", *(claim.full_name.lower() for claim in row.claims))]
    rows.sort(key=lambda row: (row.watch.package, row.watch.installation))
    unresolved = UnresolvedPackageStore(redis).all().items()
    return _MonitoringReport(
        tuple(rows),
        tuple(_other_alerts(rows, alerts, repository)),
        tuple(store.outages().values()),
        {name: files for name, files in unresolved if repository in ("", name.lower())},
    )


def _row(watch: PackageWatch, store: WatchStore, alerts: Sequence[AlertWithIssue]) -> _PackageRow:
    about = tuple(each for each in alerts if each[0].package == watch.package)
    return _PackageRow(watch, store.claims(watch), store.get_state(watch), store.due_at(watch), about)


def _other_alerts(
    rows: list[_PackageRow], alerts_by_installation: Mapping[InstallationId, Sequence[AlertWithIssue]], repository: str
) -> Iterator[AlertWithIssue]:
    """Yield the open alerts that no row shows: for a whole registry, and for packages that are no longer monitored."""
    shown = {(row.watch.installation, row.watch.package) for row in rows}
    registries = {(row.watch.installation, row.watch.package.registry) for row in rows}
    for installation, alerts in alerts_by_installation.items():
        for alert, issue in alerts:
            is_shown = (installation, alert.package) in shown
            of_registry = alert.package is None and (installation, alert.registry) in registries
            if alert.is_open and not is_shown and (of_registry or repository in ("", alert.repository.lower())):
                yield alert, issue


def _as_text(report: _MonitoringReport) -> Iterator[str]:
    for outage in report.outages:
        retry = f"next attempt at {outage.retry_at:%H:%M:%S}"
        yield plain_line(f"{outage.reason} since {outage.since:%Y-%m-%d %H:%M} UTC; {retry}")
    for row in report.rows:
        yield from map(plain_line, _row_lines(row))
    for alert, issue in report.other_alerts:
        subject = alert.package or alert.registry
        yield plain_line(f"alert ({alert.kind}) for {subject}: {_alert_text(alert, issue)}")
    for name, files in report.unresolved.items():
        yield from (plain_line(f"not monitored in {name}: {file.file}: {file.reason}") for file in files)
    yield f"{count(len(report.rows), 'package')}, {count(report.open_alerts, 'open alert')}"


def _row_lines(row: _PackageRow) -> Iterator[str]:
    names = ", ".join(claim.full_name for claim in row.claims)
    observed = row.state.observed
    yield f"{row.watch.package}  of {names}  last read: {f'{observed.last_read_at:%Y-%m-%d %H:%M} UTC' if observed else 'never'}"
    if row.state.error:
        yield f"    not read: {row.state.error}"
    for each in row.newest:
        reasons = f": {'; '.join(each.reasons)}" if each.reasons else ""
        yield f"    {each.version.number:<14} {_trace_status(each)}{reasons}"
    for alert, issue in row.alerts:
        if alert.is_open:
            yield f"    alert ({alert.kind}): {_alert_text(alert, issue)}"


def _alert_text(alert: PackageAlert, issue: PackageAlertIssue | None) -> str:
    return f"{alert.reasons[-1].description}; {f'{issue.repository}#{issue.number}' if issue else 'no issue yet'}"


def _trace_status(observation: Observation) -> str:
    withdrawn = ", withdrawn" if observation.version.withdrawn else ""
    return (observation.trace_status.value if observation.trace_status else "history") + withdrawn


def _as_json(report: _MonitoringReport) -> Iterator[str]:
    document = {
        "version": 1,
        "outages": [
            {"registry": each.registry, "since": each.since.isoformat(), "reason": each.reason}
            for each in report.outages
        ],
        "unresolved": [
            {"repository": name, "file": file.file, "reason": file.reason}
            for name, files in report.unresolved.items()
            for file in files
        ],
        "packages": [_row_json(row) for row in report.rows],
        "alerts": [
            {
                "registry": alert.registry,
                "name": alert.package.name if alert.package else None,
                "repository": alert.repository,
                **_alert_json(alert, issue),
            }
            for alert, issue in report.other_alerts
        ],
    }
    yield json.dumps(document, indent=2)


def _row_json(row: _PackageRow) -> Mapping[str, object]:
    return {
        "registry": row.watch.package.registry,
        "name": row.watch.package.name,
        "repositories": [claim.full_name for claim in row.claims],
        "last_read_at": row.state.observed.last_read_at.isoformat() if row.state.observed else None,
        "next_read_at": datetime.fromtimestamp(row.due, UTC).isoformat() if row.due else None,
        "error": row.state.error,
        "versions": [
            {"version": each.version.number, "trace_status": _trace_status(each), "reasons": list(each.reasons)}
            for each in row.newest
        ],
        "alerts": [_alert_json(*each) for each in row.alerts],
    }


def _alert_json(alert: PackageAlert, issue: PackageAlertIssue | None) -> Mapping[str, object]:
    return {
        "kind": alert.kind.value,
        "raised_at": alert.raised_at.isoformat(),
        "open": alert.is_open,
        "issue": f"{issue.repository}#{issue.number}" if issue else None,
        "reasons": [reason.description for reason in alert.reasons],
    }
