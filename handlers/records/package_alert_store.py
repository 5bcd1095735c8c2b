"""Stores package alerts until an issue reports them, and the state of each issue."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, select, update

from bot.evaluation.package_alerts import PackageAlert
from bot.model.core_types import FullName, InstallationId
from bot.packages.versions import Package
from handlers.config.database import Database, upsert
from handlers.records.schema.record_documents import Documents, ensure_installation
from handlers.records.schema.tables import package_alerts


@dataclass(frozen=True, slots=True)
class StoredPackageAlert:
    """An alert, and where its issue is to be."""

    alert: PackageAlert
    issue_repository: FullName
    repository: FullName  # the repository itself, should the holder take no issue


@dataclass(frozen=True, slots=True)
class PackageAlertIssue:
    """What became of an alert's issue."""

    repository: FullName
    number: int
    reported: tuple[str, ...] = ()  # what its troubles are about that it tells of
    closed_by_person: bool = False  # by a person
    resolved: bool = False  # by us, with the evidence


ALERTS = Documents[StoredPackageAlert](package_alerts, StoredPackageAlert)
ISSUES = Documents[PackageAlertIssue](package_alerts, PackageAlertIssue, "issue")
AlertAndIssue: TypeAlias = tuple[PackageAlert, PackageAlertIssue | None]


class PackageAlertStore:
    """The alerts of all installations, by their keys. None is ever dropped but with its installation."""

    def __init__(self, records: Database) -> None:
        self._records = records

    def put(self, installation: InstallationId, stored: StoredPackageAlert, now: float) -> None:
        """Keep an alert that is new or has changed, and note that GitHub has to be told."""
        alert = stored.alert
        key = {"installation": installation, "key": alert.key}
        values = {
            "registry": alert.registry,
            "package": None if alert.package is None else alert.package.name,
            "raised_at": alert.raised_at,
            "document": ALERTS.text(stored),
        }
        with self._records.transaction() as connection:
            ensure_installation(connection, installation)
            waiting = connection.scalar(select(package_alerts.c.report_at).where(_is_alert(installation, alert.key)))
            due = now if waiting is None else min(now, waiting)
            upsert(connection, package_alerts, list(key), {**key, **values, "report_at": due})
            self._note_settled(connection, installation, alert.key)

    def get(self, installation: InstallationId, key: str) -> StoredPackageAlert | None:
        """Return an alert by its key; raises UnreadableRecordError."""
        return ALERTS.read(self._records, self._row(installation, key))

    def get_issue(self, installation: InstallationId, key: str) -> PackageAlertIssue | None:
        """Return what became of an alert's issue; None before there was one. Raises UnreadableRecordError."""
        return ISSUES.read(self._records, self._row(installation, key))

    def listed(self, installation: InstallationId, limit: int, offset: int = 0) -> list[AlertAndIssue]:
        """Return one part of the alerts of an installation, what is open first, then the latest first."""
        table = package_alerts.c
        mine = select(package_alerts).where(table.installation == installation)
        order = table.settled, table.raised_at.desc(), table.key
        with self._records.reading() as connection:
            rows = connection.execute(mine.order_by(*order).limit(limit).offset(offset)).all()
        return list(self._alerts(rows))

    def count(self, installation: InstallationId, *, open_only: bool = False) -> int:
        """Count the alerts of an installation."""
        where = [package_alerts.c.settled.is_not(True)] if open_only else []
        with self._records.reading() as connection:
            mine = select(func.count()).where(package_alerts.c.installation == installation, *where)
            return connection.scalar(mine) or 0

    def all(self, installation: InstallationId) -> Iterator[AlertAndIssue]:
        """Yield the alerts of an installation, the latest first, each with its issue."""
        latest = select(package_alerts).where(package_alerts.c.installation == installation)
        with self._records.reading() as connection:
            rows = connection.execute(latest.order_by(package_alerts.c.raised_at.desc(), package_alerts.c.key)).all()
        yield from self._alerts(rows)

    def of_package(self, installation: InstallationId, package: Package) -> tuple[PackageAlert, ...]:
        """Return the alerts about a package, the earliest first; what there is about others is not read."""
        table = package_alerts.c
        about = select(package_alerts).where(
            table.installation == installation, table.registry == package.registry, table.package == package.name
        )
        with self._records.reading() as connection:
            rows = connection.execute(about.order_by(table.raised_at, table.key)).all()
        return tuple(alert for alert, _ in self._alerts(rows))

    def unreported(self, now: float) -> Iterator[tuple[InstallationId, str]]:
        """Yield the alerts of which GitHub has to be told by now."""
        table = package_alerts.c
        due = select(table.installation, table.key).where(table.report_at <= now).order_by(table.report_at)
        with self._records.reading() as connection:
            rows = connection.execute(due).all()
        for row in rows:
            yield InstallationId(row.installation), row.key

    def postpone(self, installation: InstallationId, key: str, until: float) -> None:
        """Have an alert told at a later time."""
        waiting = _is_alert(installation, key), package_alerts.c.report_at.is_not(None)
        with self._records.transaction() as connection:
            connection.execute(update(package_alerts).where(*waiting).values(report_at=until))

    def mark_reported(
        self, installation: InstallationId, stored: StoredPackageAlert, issue: PackageAlertIssue | None
    ) -> None:
        """Note what became of the issue; an alert that changed meanwhile is told again."""
        where = _is_alert(installation, stored.alert.key)
        with self._records.transaction() as connection:
            if issue is not None:
                connection.execute(update(package_alerts).where(where).values(issue=ISSUES.text(issue)))
            same = self.get(installation, stored.alert.key) in (stored, None)
            connection.execute(update(package_alerts).where(where).values(report_at=None if same else 0))
            self._note_settled(connection, installation, stored.alert.key)

    def forget(self, installation: InstallationId) -> None:
        """Forget an installation that is gone."""
        with self._records.transaction() as connection:
            connection.execute(delete(package_alerts).where(package_alerts.c.installation == installation))

    def _note_settled(self, connection: Connection, installation: InstallationId, key: str) -> None:
        row = self._row(installation, key)
        found = next(self._alerts([row]), None) if row is not None else None
        settled = found is not None and not found[0].is_open
        connection.execute(update(package_alerts).where(_is_alert(installation, key)).values(settled=settled))

    def _row(self, installation: InstallationId, key: str) -> Row[*tuple[Any, ...]] | None:
        with self._records.reading() as connection:
            return connection.execute(select(package_alerts).where(_is_alert(installation, key))).first()

    def _alerts(self, rows: Iterable[Row[*tuple[Any, ...]]]) -> Iterator[AlertAndIssue]:
        for row in rows:
            for stored in ALERTS.readable(self._records, [row]):
                issue = ISSUES.read(self._records, row)
                yield replace(stored.alert, closed_by_person=issue is not None and issue.closed_by_person), issue


def _is_alert(installation: InstallationId, key: str) -> ColumnElement[bool]:
    return and_(package_alerts.c.installation == installation, package_alerts.c.key == key)
