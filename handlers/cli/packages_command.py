"""Runs `wharfinger packages`: lists watched packages, their alerts and unreachable registries."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from bot.evaluation.package_alerts import PackageAlert
from bot.model.core_types import FullName, InstallationId
from bot.model.findings import UnreadableFile
from bot.packages.publish_history import Observation
from bot.rendering.markdown import plain_line
from handlers.cache.repository_listings import UnresolvedPackageStore
from handlers.config.redis_client import connected_redis
from handlers.config.settings import Settings
from handlers.records.package_alert_store import PackageAlertIssue, PackageAlertStore
from handlers.records.report_store import ReportStore
from handlers.records.watch_store import Outage, PackageClaim, PackageWatch, WatchState, WatchStore

Unresolved: TypeAlias = Mapping[FullName, tuple[UnreadableFile, ...]]
AlertWithIssue: TypeAlias = tuple[PackageAlert, PackageAlertIssue | None]
MAX_VERSIONS_SHOWN = 5  # versions of each package, the newest


@dataclass(frozen=True, slots=True)
class _PackageRow:
    """One package, and all that is kept of it."""

    watch: PackageWatch
    claims: tuple[PackageClaim, ...]
    state: WatchState
    due: float | None
    alerts: tuple[AlertWithIssue, ...]

    @property
    def newest(self) -> tuple[Observation, ...]:
        seen = self.state.observed.observations if self.state.observed else ()
        return tuple(reversed(seen[-MAX_VERSIONS_SHOWN:]))


def main(arguments: Sequence[str]) -> int:
    """List what is watched; return the exit status: 1 where an alert is open."""
    options = _parser().parse_args(arguments)
    settings = Settings.from_environment()
    wanted = (options.repository or "").lower()
    with connected_redis(settings.redis_url) as redis:
        book, alarms = WatchStore(redis), PackageAlertStore(redis)
        outages, untold = tuple(book.outages().values()), UnresolvedPackageStore(redis).all()
        watches = tuple(book.all())
        told = {each: tuple(alarms.all(each)) for each in sorted({watch.installation for watch in watches})}
        rows = [_row(watch, book, told[watch.installation]) for watch in watches]
        rows = [row for row in rows if wanted in ("", *(claim.full_name.lower() for claim in row.claims))]
        rows.sort(key=lambda row: (row.watch.package, row.watch.installation))
        others = tuple(_other_alerts(rows, told, wanted))
        untold = {name: each for name, each in untold.items() if wanted in ("", name.lower())}
        if wanted and not rows and not untold and not others:
            ReportStore(redis).require_known(options.repository)
    lines = (_as_json if options.format == "json" else _as_text)(rows, others, outages, untold)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 1 if others or any(alarm.is_open for row in rows for alarm, _ in row.alerts) else 0


def _row(watch: PackageWatch, store: WatchStore, alerts: Sequence[AlertWithIssue]) -> _PackageRow:
    about = tuple(each for each in alerts if each[0].package == watch.package)
    return _PackageRow(watch, store.claims(watch), store.get_state(watch), store.due_at(watch), about)


def _other_alerts(
    rows: list[_PackageRow], alerts_by_installation: Mapping[InstallationId, Sequence[AlertWithIssue]], repository: str
) -> Iterator[AlertWithIssue]:
    """Yield the open alerts that stand in no row: of a whole registry, and of packages that are watched no more."""
    shown = {(row.watch.installation, row.watch.package) for row in rows}
    registries = {(row.watch.installation, row.watch.package.registry) for row in rows}
    for installation, alarms in alerts_by_installation.items():
        for alarm, issue in alarms:
            is_shown = (installation, alarm.package) in shown
            whole = alarm.package is None and (installation, alarm.registry) in registries
            if alarm.is_open and not is_shown and (whole or repository in ("", alarm.repository.lower())):
                yield alarm, issue


def _as_text(
    rows: list[_PackageRow], others: tuple[AlertWithIssue, ...], outages: tuple[Outage, ...], unresolved: Unresolved
) -> Iterator[str]:
    for outage in outages:
        yield plain_line(
            f"{outage.reason} since {outage.since:%Y-%m-%d %H:%M} UTC; asked again {outage.retry_at:%H:%M:%S}"
        )
    for row in rows:
        names = ", ".join(claim.full_name for claim in row.claims)
        looked = f"{row.state.observed.last_read_at:%Y-%m-%d %H:%M} UTC" if row.state.observed else "not yet"
        yield plain_line(f"{row.watch.package}  of {names}  looked at: {looked}")
        if row.state.error:
            yield plain_line(f"    not read: {row.state.error}")
        for each in row.newest:
            why = f": {'; '.join(each.reasons)}" if each.reasons else ""
            yield plain_line(f"    {each.version.number:<14} {_trace_status(each)}{why}")
        for alarm, issue in row.alerts:
            if alarm.is_open:
                yield plain_line(
                    f"    alert ({alarm.kind}): {alarm.reasons[-1].description}; {_issue_reference(issue)}"
                )
    for alarm, issue in others:
        yield plain_line(
            f"alert ({alarm.kind}) of {alarm.package or alarm.registry}: {alarm.reasons[-1].description}; {_issue_reference(issue)}"
        )
    for name, files in unresolved.items():
        for file in files:
            yield plain_line(f"not watched of {name}: {file.file}: {file.reason}")
    count = len(others) + sum(alarm.is_open for row in rows for alarm, _ in row.alerts)
    yield f"{len(rows)} watched, {count} alerts open"


def _issue_reference(issue: PackageAlertIssue | None) -> str:
    return f"{issue.repository}#{issue.number}" if issue else "not told yet"


def _trace_status(sighting: Observation) -> str:
    withdrawn = ", withdrawn" if sighting.version.withdrawn else ""
    return (sighting.trace_status.value if sighting.trace_status else "history") + withdrawn


def _as_json(
    rows: list[_PackageRow], others: tuple[AlertWithIssue, ...], outages: tuple[Outage, ...], unresolved: Unresolved
) -> Iterator[str]:
    shown = {
        "version": 1,
        "unreachable": [
            {"registry": each.registry, "since": each.since.isoformat(), "reason": each.reason} for each in outages
        ],
        "unwatched": [
            {"repository": name, "file": file.file, "reason": file.reason}
            for name, files in unresolved.items()
            for file in files
        ],
        "packages": [
            {
                "registry": row.watch.package.registry,
                "name": row.watch.package.name,
                "repositories": [claim.full_name for claim in row.claims],
                "looked": row.state.observed.last_read_at.isoformat() if row.state.observed else None,
                "due": datetime.fromtimestamp(row.due, UTC).isoformat() if row.due else None,
                "fault": row.state.error,
                "versions": [
                    {"number": each.version.number, "standing": _trace_status(each), "why": list(each.reasons)}
                    for each in row.newest
                ],
                "alerts": [_alert_json(*each) for each in row.alerts],
            }
            for row in rows
        ],
        "alerts": [
            {
                "registry": alarm.registry,
                "name": alarm.package.name if alarm.package else None,
                "repository": alarm.repository,
                **_alert_json(alarm, issue),
            }
            for alarm, issue in others
        ],
    }
    yield json.dumps(shown, indent=2)


def _alert_json(alert: PackageAlert, issue: PackageAlertIssue | None) -> Mapping[str, object]:
    return {
        "kind": alert.kind.value,
        "raised": alert.raised_at.isoformat(),
        "open": alert.is_open,
        "issue": f"{issue.repository}#{issue.number}" if issue else None,
        "seen": [trouble.description for trouble in alert.reasons],
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wharfinger packages",
        description="Packages that are watched at their registries, their newest versions and standing, and open alerts.",
        epilog="Exit status: 0 no alert is open, 1 one is, 2 bad usage, a repository that is not known, or no Redis.",
    )
    parser.add_argument("--repository", metavar="OWNER/NAME", help="only what this repository publishes")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    return parser
