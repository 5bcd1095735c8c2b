"""`wharfinger watch`: which packages are watched, what was seen of each, and which registries do not answer."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from bot.evaluation.package_alerts import Alarm
from bot.model.core_types import FullName, InstallationId
from bot.model.findings import Unreadable
from bot.packages.publish_history import Sighting
from bot.rendering.markdown import plain
from handlers.cache.untold_packages import UntoldPackages
from handlers.config.redis_client import answering_redis
from handlers.config.settings import Settings
from handlers.records.package_alert_store import AlarmBook, AlarmIssue
from handlers.records.report_store import Standings
from handlers.records.watch_store import Claim, Kept, Outage, Watch, WatchBook

Untold: TypeAlias = Mapping[FullName, tuple[Unreadable, ...]]
Told: TypeAlias = tuple[Alarm, AlarmIssue | None]
SHOWN = 5  # versions of each package, the newest


@dataclass(frozen=True, slots=True)
class _Row:
    """One package, and all that is kept of it."""

    watch: Watch
    claims: tuple[Claim, ...]
    kept: Kept
    due: float | None
    alarms: tuple[Told, ...]

    @property
    def newest(self) -> tuple[Sighting, ...]:
        seen = self.kept.watched.sightings if self.kept.watched else ()
        return tuple(reversed(seen[-SHOWN:]))


def main(arguments: Sequence[str]) -> int:
    """List what is watched; return the exit status: 1 where an alarm is open."""
    options = _parser().parse_args(arguments)
    settings = Settings.from_environment()
    wanted = (options.repository or "").lower()
    with answering_redis(settings.redis_url) as redis:
        book, alarms = WatchBook(redis), AlarmBook(redis)
        outages, untold = tuple(book.outages().values()), UntoldPackages(redis).all()
        watches = tuple(book.all())
        told = {each: tuple(alarms.all(each)) for each in sorted({watch.installation for watch in watches})}
        rows = [_row(watch, book, told[watch.installation]) for watch in watches]
        rows = [row for row in rows if wanted in ("", *(claim.name.lower() for claim in row.claims))]
        rows.sort(key=lambda row: (row.watch.package, row.watch.installation))
        others = tuple(_others(rows, told, wanted))
        untold = {name: each for name, each in untold.items() if wanted in ("", name.lower())}
        if wanted and not rows and not untold and not others:
            Standings(redis).check_known(options.repository)
    lines = (_as_json if options.format == "json" else _as_text)(rows, others, outages, untold)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 1 if others or any(alarm.is_open for row in rows for alarm, _ in row.alarms) else 0


def _row(watch: Watch, book: WatchBook, alarms: Sequence[Told]) -> _Row:
    about = tuple(each for each in alarms if each[0].package == watch.package)
    return _Row(watch, book.claims(watch), book.kept(watch), book.when(watch), about)


def _others(rows: list[_Row], told: Mapping[InstallationId, Sequence[Told]], wanted: str) -> Iterator[Told]:
    """Yield the open alarms that stand in no row: of a whole registry, and of packages that are watched no more."""
    shown = {(row.watch.installation, row.watch.package) for row in rows}
    registries = {(row.watch.installation, row.watch.package.registry) for row in rows}
    for installation, alarms in told.items():
        for alarm, issue in alarms:
            is_shown = (installation, alarm.package) in shown
            whole = alarm.package is None and (installation, alarm.registry) in registries
            if alarm.is_open and not is_shown and (whole or wanted in ("", alarm.repository.lower())):
                yield alarm, issue


def _as_text(rows: list[_Row], others: tuple[Told, ...], outages: tuple[Outage, ...], untold: Untold) -> Iterator[str]:
    for outage in outages:
        yield plain(f"{outage.reason} since {outage.since:%Y-%m-%d %H:%M} UTC; asked again {outage.again:%H:%M:%S}")
    for row in rows:
        names = ", ".join(claim.name for claim in row.claims)
        looked = f"{row.kept.watched.looked:%Y-%m-%d %H:%M} UTC" if row.kept.watched else "not yet"
        yield plain(f"{row.watch.package}  of {names}  looked at: {looked}")
        if row.kept.fault:
            yield plain(f"    not read: {row.kept.fault}")
        for each in row.newest:
            why = f": {'; '.join(each.why)}" if each.why else ""
            yield plain(f"    {each.version.number:<14} {_standing(each)}{why}")
        for alarm, issue in row.alarms:
            if alarm.is_open:
                yield plain(f"    alarm ({alarm.kind}): {alarm.troubles[-1].seen}; {_where(issue)}")
    for alarm, issue in others:
        yield plain(
            f"alarm ({alarm.kind}) of {alarm.package or alarm.registry}: {alarm.troubles[-1].seen}; {_where(issue)}"
        )
    for name, files in untold.items():
        for file in files:
            yield plain(f"not watched of {name}: {file.file}: {file.reason}")
    count = len(others) + sum(alarm.is_open for row in rows for alarm, _ in row.alarms)
    yield f"{len(rows)} watched, {count} alarms open"


def _where(issue: AlarmIssue | None) -> str:
    return f"{issue.holder}#{issue.number}" if issue else "not told yet"


def _standing(sighting: Sighting) -> str:
    withdrawn = ", withdrawn" if sighting.version.withdrawn else ""
    return (sighting.standing.value if sighting.standing else "history") + withdrawn


def _as_json(rows: list[_Row], others: tuple[Told, ...], outages: tuple[Outage, ...], untold: Untold) -> Iterator[str]:
    shown = {
        "version": 1,
        "unreachable": [
            {"registry": each.registry, "since": each.since.isoformat(), "reason": each.reason} for each in outages
        ],
        "unwatched": [
            {"repository": name, "file": file.file, "reason": file.reason}
            for name, files in untold.items()
            for file in files
        ],
        "packages": [
            {
                "registry": row.watch.package.registry,
                "name": row.watch.package.name,
                "repositories": [claim.name for claim in row.claims],
                "looked": row.kept.watched.looked.isoformat() if row.kept.watched else None,
                "due": datetime.fromtimestamp(row.due, UTC).isoformat() if row.due else None,
                "fault": row.kept.fault,
                "versions": [
                    {"number": each.version.number, "standing": _standing(each), "why": list(each.why)}
                    for each in row.newest
                ],
                "alarms": [_told(*each) for each in row.alarms],
            }
            for row in rows
        ],
        "alarms": [
            {
                "registry": alarm.registry,
                "name": alarm.package.name if alarm.package else None,
                "repository": alarm.repository,
                **_told(alarm, issue),
            }
            for alarm, issue in others
        ],
    }
    yield json.dumps(shown, indent=2)


def _told(alarm: Alarm, issue: AlarmIssue | None) -> Mapping[str, object]:
    return {
        "kind": alarm.kind.value,
        "raised": alarm.raised.isoformat(),
        "open": alarm.is_open,
        "issue": f"{issue.holder}#{issue.number}" if issue else None,
        "seen": [trouble.seen for trouble in alarm.troubles],
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wharfinger watch",
        description="Packages that are watched at their registries, their newest versions and standing, and open alarms.",
        epilog="Exit status: 0 no alarm is open, 1 one is, 2 bad usage, a repository that is not known, or no Redis.",
    )
    parser.add_argument("--repository", metavar="OWNER/NAME", help="only what this repository publishes")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    return parser
